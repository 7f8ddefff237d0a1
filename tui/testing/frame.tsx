import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { App } from '../components/App.js';
import type { State } from '../state/state.js';
import { FrameSink } from '../terminal/screen.js';
import { type ColorDepth, createPaint, type ThemeName } from '../theme.js';
import type { Size } from '../view/layout.js';

export interface FrameOptions {
  readonly depth?: ColorDepth;
  readonly theme?: ThemeName;
}

/** The whole screen as Ink lays it out, with its colours; as many lines as the terminal has rows. */
export function drawFrame(state: State, size: Size, { depth = 'none', theme = 'dark' }: FrameOptions = {}): string[] {
  const sink = new FrameSink({ ...size, write: () => true });
  const { unmount } = render(<App state={state} size={size} paint={createPaint(theme, depth)} />, {
    stdout: sink as unknown as NodeJS.WriteStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  });
  const lines = sink.frame.split('\n');
  unmount();
  return lines;
}

/** The same without any style. */
export const drawLines = (state: State, size: Size): string[] => drawFrame(state, size).map(stripVTControlCharacters);

export const drawText = (state: State, size: Size): string => drawLines(state, size).join('\n');
