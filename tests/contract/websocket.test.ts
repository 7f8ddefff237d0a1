import { cases } from './cases/websocket.js';
import { prove } from './harness/contract.js';

prove('the WebSocket door', cases);
