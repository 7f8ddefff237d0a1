/** From a REST request to the fields of its operation, converted as the table says (arc-v1 §2.5, §2.6). */
import {
  type Coercion,
  type Limits,
  OPERATIONS,
  type Operation,
  type OperationName,
  type RestMatch,
  takesKey,
} from '../../../protocol/index.js';
import { coerce, coercionsOf } from './coerce.js';

/** The REST side of the operations table, for the limits of one hub. */
export class Routes {
  readonly #coercions = new Map<OperationName, ReadonlyMap<string, Coercion>>();

  constructor(limits: Limits) {
    for (const [name, row] of Object.entries(OPERATIONS)) {
      const operation: Operation = row;
      this.#coercions.set(name as OperationName, coercionsOf(operation.input(limits)));
    }
  }

  /** How each field of the operation is converted. */
  coercions(name: OperationName): ReadonlyMap<string, Coercion> {
    return this.#coercions.get(name) ?? NONE;
  }

  /**
   * The fields of one request, converted. Unknown keys are ignored.
   * @throws {HubError} `bad_request`: an array or object where text belongs
   */
  fieldsOf(
    { name, operation, pathValues }: RestMatch,
    query: URLSearchParams,
    body: Readonly<Record<string, unknown>>,
    idempotencyKey: string | undefined,
  ): Record<string, unknown> {
    const method = operation.rest?.method;
    const fromQuery = method === 'GET' || method === 'DELETE';
    const fields: Record<string, unknown> = {};
    for (const [field, coercion] of this.coercions(name)) {
      let value: unknown;
      if (Object.hasOwn(pathValues, field)) value = pathValues[field];
      // A key with an empty value counts as absent.
      else if (fromQuery) value = query.get(field) || undefined;
      else if (Object.hasOwn(body, field)) value = body[field];
      const converted = coerce(field, coercion, value);
      if (converted !== undefined) fields[field] = converted;
    }
    if (idempotencyKey !== undefined && takesKey(operation)) fields.idempotency_key = idempotencyKey;
    return fields;
  }
}

const NONE: ReadonlyMap<string, Coercion> = new Map();
