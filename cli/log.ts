import pino from 'pino';
import pretty from 'pino-pretty';

export interface LogOptions {
  /** Warnings and errors only. */
  quiet: boolean;
  /** JSON lines even on a terminal. */
  json: boolean;
}

/** The log of a hub in this process: on stderr, since stdout is for what the command says. */
export function openLog({ quiet, json }: LogOptions): pino.Logger {
  const level = quiet ? 'warn' : 'info';
  if (json || !process.stderr.isTTY) return pino({ level, base: null }, pino.destination(2));
  return pino({ level, base: null }, pretty({ destination: 2, sync: true, translateTime: 'SYS:HH:MM:ss' }));
}
