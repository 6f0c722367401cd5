/**
 * The fields that only phones have.
 */
import { area, boxes, codes, line, nonceFields } from '../../fields.ts'
import type { FormParts } from '../family.ts'
import { allowances } from './policy.ts'

export function form(format: string): FormParts {
  const clientData = area(
    'clientData',
    'Client data',
    'hex or base64: exactly the bytes that were hashed, your challenge in them',
  )
  if (format === 'app-attest')
    return {
      hint: codes('ABCDE12345.com.example.app', ': team and bundle, one application a line'),
      root: 'Apple’s App Attest root, pinned',
      document: clientData,
    }
  return {
    hint: codes('package com.example.app', ' and ', 'signer', ' with 64 hex digits, one a line; or JSON'),
    root: 'Google’s roots, pinned',
    document: area('collateral', 'Google’s list of revoked keys', 'drop the JSON, or paste'),
    expected: [
      nonceFields(),
      line('patchLevel', 'Least patch level of Android', 'year and month, like 202605'),
      boxes('allowed', 'Rules of your own', {
        strongbox: 'Only keys in a chip of its own (StrongBox)',
        ...allowances,
      }),
    ],
    more: [
      line('page', 'For a credential of a page (WebAuthn)', 'domain and origins: example.com https://example.com'),
      clientData,
    ],
  }
}
