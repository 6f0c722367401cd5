/**
 * The keys of the next request, made ahead: as soon as a session is verified, and after each
 * answer. Each is used once, and only in the session that it was made in; with the session it is
 * gone.
 */
import type { KeyConfig } from '../channel/key-config.ts'
import { prepareRequest, type PreparedRequest } from '../channel/ohttp.ts'
import type { Runtime } from './runtime.ts'
import type { Session } from './session.ts'

export interface Ahead {
  /** Makes keys, unless there are some. Waits for nothing; `take` tells what goes wrong. */
  readonly make: (session: Session) => void
  /** Keys that no one else gets: those that are there, else new ones. */
  readonly take: (session: Session) => Promise<PreparedRequest>
}

interface Spare {
  ready?: PreparedRequest
  making?: Promise<PreparedRequest>
}

export function createAhead({ isolatesRequests }: Pick<Runtime, 'isolatesRequests'>): Ahead {
  const spares = new WeakMap<Session, Spare>()
  const prepare = ({ key }: Session): Promise<PreparedRequest> => prepareRequest(key as KeyConfig)
  return {
    make(session) {
      if (spares.has(session)) return
      const spare: Spare = {}
      spares.set(session, spare)
      const making = prepare(session)
      // In a Worker, no other request may wait for it: there, only what is ready is of use.
      if (isolatesRequests !== true) spare.making = making
      making.then(
        (ready) => (spare.ready = ready),
        () => undefined,
      )
    },
    take: async (session) => {
      const { ready, making } = spares.get(session) ?? {}
      // Before anything is waited for: no keys are taken twice.
      spares.delete(session)
      return ready ?? making ?? prepare(session)
    },
  }
}
