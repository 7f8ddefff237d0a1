/**
 * Every bound that a peer meets, the same on every door (arc-v1 §2.4, §2.6; websocket §12). All are configurable at the
 * start of the hub and published by `hub.info`. Characters are Unicode code points.
 */
export interface Limits {
  readonly max_body_chars: number;
  readonly max_attachment_chars: number;
  readonly max_attachments: number;
  /** Rows of one answer; a larger `limit` is lowered to it silently. */
  readonly max_query_limit: number;
  /** Agent id, channel name, display name at opening, claim key, thread id, capability. */
  readonly max_name_chars: number;
  /** Path of a lock or of an attachment. */
  readonly max_path_chars: number;
  readonly max_capabilities: number;
  /** `metadata` of anything, as UTF-8 JSON. */
  readonly max_metadata_bytes: number;
  readonly max_ttl_sec: number;
  /** Longest wait of a poll; a larger `timeout` is lowered to it silently. */
  readonly max_wait_sec: number;
  /** Longest wait of `rpc.call`. */
  readonly max_call_sec: number;
  readonly max_idempotency_key_chars: number;
  /** Requests in one JSON-RPC batch. */
  readonly max_batch: number;
  /** Nesting of JSON; deeper text is refused before it is parsed. */
  readonly max_json_depth: number;
}

export const DEFAULT_LIMITS: Limits = Object.freeze({
  max_body_chars: 128_000,
  max_attachment_chars: 256_000,
  max_attachments: 32,
  max_query_limit: 500,
  max_name_chars: 1_024,
  max_path_chars: 4_096,
  max_capabilities: 256,
  max_metadata_bytes: 65_536,
  max_ttl_sec: 2_592_000,
  max_wait_sec: 60,
  max_call_sec: 600,
  max_idempotency_key_chars: 200,
  max_batch: 100,
  max_json_depth: 128,
});

export const MIN_TTL_SEC = 5;
export const DEFAULT_TTL_SEC = 300;
export const DEFAULT_LIMIT = 100;
export const MAX_DISPLAY_NAME_CHARS = 64;
export const MAX_SHUTDOWN_DELAY_SEC = 3_600;

/** Bytes of one request body or frame (arc-v1 §2.4). */
export function requestCapBytes(limits: Limits): number {
  return limits.max_body_chars + limits.max_attachment_chars * limits.max_attachments + 65_536;
}
