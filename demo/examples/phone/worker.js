// A Cloudflare Worker that knows phones by their keys. A Durable Object keeps them, and answers one
// request after another: a challenge is used once.
import { createService } from './service.js'

/** One object for all phones. For many, take one for each: `idFromName(phone)`. */
export class Phones {
  constructor({ storage }, { STATUS }) {
    this.answer = createService({ store: storage, ...(STATUS && { statusUrl: STATUS }) })
  }

  fetch(request) {
    return this.answer(request)
  }
}

export default {
  /** @param env `PHONES` is the namespace of the object above, a binding of the Worker */
  fetch(request, { PHONES }) {
    return PHONES.get(PHONES.idFromName('phones')).fetch(request)
  },
}
