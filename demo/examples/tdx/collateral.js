import { fetchIntelEndorsements, intelPcsUrl } from 'veritee/endorsements'
import { decodeTdxEvidence } from 'veritee/tdx'

const hour = 3_600_000

/**
 * What Intel says of this platform, kept and renewed: clients get it beside the quote and ask no one. It is the same for all quotes of a platform.
 * Nothing here decides anything: clients verify all of it.
 * @param from Intel's service, or a cache (PCCS) of yours
 */
export function createCollateral({ from = intelPcsUrl, everyHours = 12 } = {}) {
  let kept
  let renewAt = 0
  let asking

  async function renew(quote) {
    const { fmspc, ca } = decodeTdxEvidence(quote).platform
    kept = await fetchIntelEndorsements({ fmspc, ca, tee: 'tdx', baseUrl: from, fetch: globalThis.fetch })
    renewAt = Date.now() + everyHours * hour
  }

  return {
    async of(quote) {
      if (Date.now() >= renewAt) {
        // One question at a time; when the service is down, what is kept serves on for as long as clients accept it.
        asking ??= renew(quote).finally(() => (asking = undefined))
        await asking.catch((error) => {
          if (kept === undefined) throw error
          renewAt = Date.now() + hour / 12
        })
      }
      return kept
    },
  }
}
