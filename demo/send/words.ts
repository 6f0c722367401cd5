/**
 * What a refusal means, in one sentence for people.
 */
const sentences: Readonly<Record<string, string>> = {
  'policy-nonce': 'The proof was made before this page asked for one.',
  'policy-debug': 'The enclave is genuine, and its operator can look inside.',
  'client-evidence': 'There is no proof at all, and without one nothing is sent.',
  'client-transport': 'There is no answer, or it leads to another address, and this page does not follow.',
  'client-response': 'The answer has no seal: anyone can have written it.',
  'client-timeout': 'The answer stopped coming.',
  'ohttp-incomplete': 'The answer was cut off before its end.',
  'ohttp-open': 'The answer was changed on its way.',
}

export function sentenceFor(code: string): string {
  const own = Object.hasOwn(sentences, code) ? sentences[code] : undefined
  if (own !== undefined) return own
  return code.startsWith('policy-')
    ? 'The enclave is genuine, and runs something else than this page expects.'
    : 'The proof does not fit: it was changed, or made by someone else.'
}
