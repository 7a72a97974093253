import { describe, expect, it } from 'vitest'
import {
  FormatError,
  formatLocation,
  HarnessError,
  IntegrityError,
  NotFoundError,
  RegistryError,
  SchemaError,
  VerificationError,
  type Location,
} from './errors.ts'

const digest = `sha256:${'0'.repeat(64)}`

describe('formatLocation', () => {
  it.each<readonly [text: string, at: Location | undefined]>([
    ['', undefined],
    ['', {}],
    ['vmlinuz.efi!.initrd', { path: 'vmlinuz.efi!.initrd' }],
    ['init offset 0x0', { path: 'init', offset: 0 }],
    ['extensions.yaml at /layers/0', { path: 'extensions.yaml', pointer: '/layers/0' }],
    ['index.json at /', { path: 'index.json', pointer: '' }],
    ['worker.yaml:46:19', { path: 'worker.yaml', line: 46, column: 19 }],
    ['worker.yaml:46', { path: 'worker.yaml', line: 46 }],
    [digest, { digest }],
    [`offset 0x1f in ${digest}`, { digest, offset: 31 }],
    [`a at /b offset 0x40 in ${digest}`, { digest, path: 'a', pointer: '/b', offset: 64 }],
  ])('renders %j', (text, at) => {
    expect(formatLocation(at)).toBe(text)
  })
})

describe('errors of the harness', () => {
  const cause = new Error('the system said no')
  const at = { path: 'x' }

  it.each([
    ['RegistryError', new RegistryError('REGISTRY_DENIED', 'denied', { at, cause, status: 403 })],
    ['NotFoundError', new NotFoundError('BLOB_UNKNOWN', 'no such blob', { at, cause })],
    ['IntegrityError', new IntegrityError('SIZE_MISMATCH', 'short', { at, cause, got: 1, want: 2, bytesRead: 1 })],
    ['FormatError', new FormatError('cpio', 'TRUNCATED', 'expected more', { at, cause })],
    ['SchemaError', new SchemaError('lock', [], { at, cause })],
    ['VerificationError', new VerificationError('SIGNATURE', 'does not verify', { at, cause })],
  ] as const)('%s keeps its name, its place and its cause', (name, error) => {
    expect(error).toBeInstanceOf(HarnessError)
    expect(error).toMatchObject({ name, at, cause })
  })

  it('has no cause unless one is given', () => {
    expect('cause' in new NotFoundError('BLOB_UNKNOWN', 'no such blob')).toBe(false)
  })

  it('says which format is broken', () => {
    expect(new FormatError('cpio', 'BAD_MAGIC', 'expected 070701, got 0').message).toBe('cpio: expected 070701, got 0')
  })

  it('is not temporary unless somebody says so', () => {
    expect(new RegistryError('REGISTRY_PROTOCOL', 'no digest')).toMatchObject({ temporary: false, status: undefined })
    expect(new RegistryError('REGISTRY_UNAVAILABLE', 'busy', { temporary: true })).toMatchObject({ temporary: true })
  })

  it('lists every issue of a document, the root by its slash', () => {
    const issues = [
      { path: '', message: 'expected an object' },
      { path: '/talos', message: 'expected a tag' },
    ]
    expect(new SchemaError('lock', issues)).toMatchObject({
      code: 'SCHEMA',
      issues,
      message: 'lock: / expected an object; /talos expected a tag',
    })
  })
})
