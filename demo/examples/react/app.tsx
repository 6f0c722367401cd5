import { type DetailedHTMLProps, type FormEvent, type HTMLAttributes, useEffect, useState } from 'react'
import { type BadgeElement, defineBadge } from 'veritee/badge'
import { AttestationError } from 'veritee/client'
import { answered, send } from './enclave.ts'
import { useAttestation } from './use-attestation.ts'

defineBadge()

declare module 'react' {
  namespace JSX {
    interface IntrinsicElements {
      'veritee-badge': DetailedHTMLProps<HTMLAttributes<HTMLElement>, HTMLElement> & Partial<BadgeElement>
    }
  }
}

const words = {
  idle: 'The enclave has not been asked yet.',
  verifying: 'Asking the enclave what it is …',
  verified: 'This is the expected enclave.',
  refused: 'This is not the expected enclave. Nothing is sent to it.',
  closed: 'Closed.',
}

export function App() {
  const { state, code } = useAttestation(send)
  const [outcome, setOutcome] = useState('')

  // Ahead of the first request, so that visitors see the verdict before they type. What comes of it is in the state.
  useEffect(() => {
    if (send.state === 'idle') send.attest().catch(() => undefined)
  }, [])

  async function submit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault()
    const secret = String(new FormData(event.currentTarget).get('secret'))
    try {
      const response = await send('/message', { method: 'POST', body: secret })
      if (!response.ok) throw new Error(`the enclave answered ${response.status}`)
      setOutcome(`Sent to ${(send.result?.claims as { moduleId: string }).moduleId}`)
    } catch (error) {
      const isRefusal = error instanceof AttestationError
      setOutcome(isRefusal ? `Nothing was sent (${error.code}): ${error.message}` : `Failed: ${String(error)}`)
    }
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <p data-state={state}>
        {words[state]} {state === 'refused' && <code>{code}</code>}
      </p>
      <veritee-badge client={send} evidence={answered.evidence} />
      <label>
        For the enclave alone <input name="secret" maxLength={40} required />
      </label>
      <button>Send</button>
      <p role="status">{outcome}</p>
    </form>
  )
}
