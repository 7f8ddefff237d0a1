import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { App } from '../components/App.js';
import type { State } from '../state/state.js';
import { Canvas, CanvasContext } from '../terminal/canvas.js';
import { FrameSink } from '../terminal/screen.js';
import { type ColorDepth, createPaint, type ThemeName } from '../theme.js';
import type { Size } from '../view/layout.js';

export interface FrameOptions {
  readonly depth?: ColorDepth;
  readonly theme?: ThemeName;
  /** Draws past Ink, as the program does. */
  readonly canvas?: boolean;
}

/** The whole screen as Ink lays it out, with its colours; as many lines as the terminal has rows. */
export function drawFrame(
  state: State,
  size: Size,
  { depth = 'none', theme = 'dark', canvas: isPast = false }: FrameOptions = {},
): string[] {
  const sink = new FrameSink({ ...size, write: () => true });
  const canvas = isPast ? new Canvas() : undefined;
  const app = <App state={state} size={size} paint={createPaint(theme, depth)} />;
  const { unmount } = render(<CanvasContext.Provider value={canvas}>{app}</CanvasContext.Provider>, {
    stdout: sink as unknown as NodeJS.WriteStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
  });
  const lines = (canvas?.expand(sink.frame) ?? sink.frame).split('\n');
  unmount();
  return lines;
}

/** The same without any style. */
export const drawLines = (state: State, size: Size): string[] => drawFrame(state, size).map(stripVTControlCharacters);

export const drawText = (state: State, size: Size): string => drawLines(state, size).join('\n');
