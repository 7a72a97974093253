import { describe, expect, it } from 'vitest'
import { json } from '../../testing/oci-samples.ts'
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../image/media-types.ts'
import { documentType, isDocumentType } from './documents.ts'

describe('documents', () => {
  it('takes the type that the registry says, or the one that the document says', () => {
    const index = json({ manifests: [] })
    expect(documentType(OCI_MANIFEST, index)).toBe(OCI_MANIFEST)
    expect(documentType('application/json', json({ mediaType: OCI_MANIFEST, manifests: [] }))).toBe(OCI_MANIFEST)
    expect(documentType(undefined, index)).toBe(OCI_INDEX)
    expect(documentType('text/plain', json({}))).toBe(OCI_MANIFEST)
    expect(documentType('text/html', Buffer.from('<html>'))).toBe('text/html')
    expect(isDocumentType('application/vnd.docker.distribution.manifest.v1+prettyjws')).toBe(true)
    expect(isDocumentType(OCI_CONFIG)).toBe(false)
  })
})
