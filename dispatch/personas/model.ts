import { DispatchError } from '../errors.js';
import type { Agent } from './agent.js';

/**
 * The first that was said: the request's model, the override of its channel, the agent's own (dispatch §5).
 * @throws {DispatchError} `model_not_allowed`
 */
export function resolveModel(agent: Agent, asked?: string | null, override?: string | undefined): string {
  const chosen = asked || override;
  if (chosen === undefined || chosen === '') return agent.model;
  const { allowed_models, name } = agent;
  if (allowed_models.length > 0 && !allowed_models.includes(chosen)) {
    const text = `Model '${chosen}' is not allowed for agent '${name}'. Allowed: ${allowed_models.join(', ')}`;
    throw new DispatchError('model_not_allowed', text);
  }
  return chosen;
}
