/** Settings of the file relay, for the hub that serves one and for the relay that runs alone. */
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { parseDuration } from '../../base/duration.js';
import { SHARINGS, type Sharing } from '../../base/sharing.js';
import type { WatchMode } from '../../relay/spool-watch.js';
import { flag, settingName, takesValue, text } from '../options.js';

export interface RelaySettings {
  watch: WatchMode;
  retentionSec: number | undefined;
  bindAgents: boolean;
  sharing: Sharing;
}

export const relayOptions = (): Option[] => [
  text('--relay-watch <how>', 'how the relay finds requests: by file events where the folder has them')
    .choices(['auto', 'events', 'polling'])
    .default('auto'),
  text('--relay-retention <age>', 'remove files of answered relay requests older than this, such as 12h or 7d')
    .argParser(duration)
    .default(undefined, 'kept for ever'),
  text('--relay-share <who>', 'who may use the folder of the relay: a sandbox may run as another account')
    .choices([...SHARINGS])
    .default('owner'),
  flag('--relay-bind-agents', 'a folder of the relay speaks only for its own agent'),
];

/** Such as `90`, `90s`, `15m`, `12h`, `7d`: seconds. */
export function duration(value: string): number {
  const seconds = parseDuration(value);
  if (seconds === undefined) throw new InvalidArgumentError('It must be a time such as 90s, 15m, 12h or 7d.');
  return seconds;
}

/** One that something lasts, so not none at all. */
export function lasting(value: string): number {
  const seconds = duration(value);
  if (seconds < 1) throw new InvalidArgumentError('It must be a second at least.');
  return seconds;
}

export function relaySettings(command: Command): RelaySettings {
  const given = command.opts<{
    relayWatch?: WatchMode;
    relayRetention?: number;
    relayBindAgents?: boolean;
    relayShare?: Sharing;
  }>();
  return {
    watch: given.relayWatch ?? 'auto',
    retentionSec: given.relayRetention,
    bindAgents: given.relayBindAgents === true,
    sharing: given.relayShare ?? 'owner',
  };
}

/** The same as flags, for a hub that is started as another process. */
export function relayFlagsGiven(command: Command): string[] {
  const flags: string[] = [];
  if (command.getOptionValue('relay') === false) flags.push('--no-relay');
  for (const option of relayOptions()) {
    const name = option.attributeName();
    const source = command.getOptionValueSource(name);
    const value: unknown = command.getOptionValue(name);
    if (source === undefined || source === 'default' || value === undefined || value === false) continue;
    flags.push(takesValue(option) ? `${option.long}=${value}` : `--${settingName(option).replaceAll('_', '-')}`);
  }
  return flags;
}
