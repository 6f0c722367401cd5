// A client of a TDX machine: the quote and Intel's collateral come from the machine, the verdict is made here.
import { AttestationError, attestedFetch, keyHashInReportData } from 'veritee/client'
import { verifyTdx } from 'veritee/tdx'
import { enclave, policy } from './policy.js'

// What Intel signs is the same for days: its signatures are checked once.
const endorsementCache = new Map()
const send = attestedFetch(enclave.origin, {
  ...enclave.options,
  binding: keyHashInReportData,
  verify: (evidence, { reportData, endorsements }) =>
    verifyTdx(evidence, { ...policy, reportData, endorsements, endorsementCache }),
})

try {
  const response = await send('/message', { method: 'POST', body: process.argv[2] })
  console.log(await response.text())
} catch (error) {
  if (!(error instanceof AttestationError)) throw error
  console.log(JSON.stringify({ refused: error.code, why: error.message }))
}
