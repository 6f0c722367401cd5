/**
 * Part of the model check, in a file of its own so that files run beside each other. See
 * schedule.ts for what is explored, monitor.ts for what must hold.
 */
import { checkAll } from './check.ts'
import { requests, shares } from './scenarios.ts'

checkAll(requests, shares.requests)
