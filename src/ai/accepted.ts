/**
 * What a channel leaves open: callers accept each by its name, no more and no less.
 */
import { requireOption } from '../core/options.ts'

/** @throws TypeError */
export function requireAccepted(unproven: unknown, open: readonly string[]): void {
  const accepted: readonly unknown[] = Array.isArray(unproven) ? [...(unproven as readonly unknown[])] : []
  const isExact = accepted.length === open.length && open.every((id) => accepted.includes(id))
  requireOption('unproven', `a list of what stays open: ${open.join(', ')}`, isExact)
}
