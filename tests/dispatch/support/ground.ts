import { systemClock } from '../../../base/clock.js';
import type { Ground } from '../../../dispatch/backends/backend.js';
import { readEnvFile } from '../../../dispatch/config/env-file.js';
import type { TestHome } from './home.js';

/** What runs share, for a home with the configuration `text`. */
export function groundOf(home: TestHome, text?: string): Ground {
  const config = home.config(text);
  const secrets = readEnvFile(home.home);
  return {
    home: home.home,
    config,
    env: { ...secrets, ...process.env },
    secretNames: Object.keys(secrets),
    clock: systemClock,
    warn: home.warn,
  };
}
