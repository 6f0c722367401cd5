import { useEffect, useState } from 'react'
import type { AttestedFetch, ClientEvent } from 'veritee/client'

const now = (send: AttestedFetch): ClientEvent =>
  send.result === undefined ? { state: send.state } : { state: send.state, result: send.result }

/**
 * What a client knows of its enclave, kept up to date: its state, the result that proves it, or the code that it was refused for. The client is made
 * outside of components, once: React's StrictMode mounts everything twice, and each client attests for itself.
 */
export function useAttestation(send: AttestedFetch): ClientEvent {
  const [event, setEvent] = useState(() => now(send))
  useEffect(() => {
    // What happened between the first rendering and this.
    setEvent(now(send))
    return send.subscribe(setEvent)
  }, [send])
  return event
}
