/**
 * A page that has a client, and between it and the network a worker that is not its own.
 */
import { card, secret, told } from '../world.ts'
import type { Mode, Recorded } from './hostile-worker.ts'
import { runPage, scriptUrl } from './page.ts'
import { clientOf } from './verifying.ts'

await runPage(told, async ({ settings, row, ask }) => {
  const { serviceWorker } = navigator
  const controlled = new Promise((resolve) => {
    serviceWorker.addEventListener('controllerchange', resolve)
  })
  await serviceWorker.register(scriptUrl('/hostile.js'))
  if (serviceWorker.controller === null) await controlled

  /** A request under that mode, with what the worker saw of it. */
  const under = (mode: Mode): Promise<void> =>
    row(mode, async () => {
      await ask(mode)
      const said = await clientOf(settings)('/pay', { method: 'POST', body: card })
        .then((response) => response.text())
        .catch(told)
      const recorded = (await ask('pass')) as Recorded[]
      return {
        said,
        seen: recorded.map(({ path, cache, credentials }) => `${path} ${cache} ${credentials}`),
        // That bodies are seen at all: the question for evidence is in the clear.
        question: recorded.some(({ body }) => body.startsWith('{"nonce":"')),
        leaked: recorded.some(({ body }) => body.includes(secret)),
      }
    })
  await under('pass')
  await under('stale')
  await under('clear')
  await under('moved')
  return {}
})
