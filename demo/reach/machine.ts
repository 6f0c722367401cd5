/**
 * The machine of the demo in a worker: a whole script, for pages that start it and for service
 * workers that run it themselves.
 */
import { giveRequestsStreams } from '../../test/support/request-streams.ts'
import type { Authorities } from '../enclave/authorities.ts'
import { createMachine } from '../enclave/machine.ts'
import { workerOrigin } from './index.ts'
import { answerMessages } from './messages.ts'

/** Set when the site is built. */
declare const AUTHORITIES: Authorities

giveRequestsStreams()
answerMessages(createMachine(AUTHORITIES, [workerOrigin]))
