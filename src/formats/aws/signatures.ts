/**
 * The signatures of a document: those of the path, and the one over the document.
 */
import { ES384 } from '../../crypto/algorithms.ts'
import type { SignatureRow } from '../../crypto/signatures.ts'
import { signedBytes } from '../../encoding/cose.ts'
import { type CertificationPath, signatureRows } from '../../x509/path.ts'
import type { NsmDocument } from './evidence.ts'
import { awsProfile } from './profile.ts'

/**
 * Every signature of a document, root first: five in those of AWS, fewer checks where a cache has
 * seen them.
 */
export const signaturesOf = ({ sign1 }: NsmDocument, path: CertificationPath): readonly SignatureRow[] => [
  ...signatureRows(path, awsProfile),
  {
    code: 'cose-signature',
    of: {
      name: 'document',
      signedBytes: signedBytes(sign1),
      signature: sign1.signature,
      algorithm: ES384,
      isDer: false,
    },
    by: { name: 'the leaf key', spki: path.leaf.spki },
  },
]
