import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { SchemaError } from '#harness/errors.ts'
import { sampleKey } from '#harness/testing/der-samples.ts'
import { expectCode } from '#harness/testing/expect-code.ts'
import { architectureOf } from './architecture.ts'
import { admitsTalos, parseContract } from './contract.ts'
import { selectRules, type RuleIndex } from './rule-index.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const CERTIFICATE = sampleKey().x509.toString().replaceAll('\n', '\\n')

describe('parseContract', async () => {
  const shipped = await readFile(new URL('contract.yaml', import.meta.url), 'utf8')

  it('reads the contract that is shipped', () => {
    const { variants } = parseContract(bytes(shipped), 'contract.yaml')
    expect(Object.keys(variants)).toEqual(['spin-only', 'spin-tailscale'])
    expect(variants['spin-only']?.extensions).not.toContain('tailscale')
  })

  it('takes kernel options with and without CONFIG_ for the same', () => {
    const { kernel } = parseContract(bytes(shipped.replace('off: [', 'off: [CONFIG_XEN, ')), 'contract.yaml')
    expect(kernel.off).toContain('XEN')
  })

  it('takes a pattern that names whom it means', () => {
    const text = shipped.replace(/subjectPattern: .*$/m, "subjectPattern: 'https://github\\.com/cozystack/.*'")
    expect(parseContract(bytes(text), 'contract.yaml').upstream.signers[0]).toHaveProperty('subjectPattern')
  })

  it('reads a board, a picture and a certificate', () => {
    const more = [
      'splash: {size: 1, sha256: ' + 'a'.repeat(64) + '}',
      'overlays: [{name: rpi_generic, image: x/sbc:v1}]',
      `secureBootCertificate: "${CERTIFICATE}"`,
    ]
    const text = `${shipped.replace('secureBoot: false', 'secureBoot: true')}\n${more.join('\n')}\n`
    expect(parseContract(bytes(text), 'contract.yaml')).toMatchObject({
      overlays: [{ name: 'rpi_generic', image: 'x/sbc:v1' }],
      splash: { size: 1 },
    })
  })

  it.each([
    ['an unknown key', `${shipped}\nunknown: 1\n`, '/unknown'],
    ['another schema', shipped.replace('schema: 1', 'schema: 2'), '/schema'],
    ['a range that is none', shipped.replace(/^talos: .*$/m, 'talos: newest'), '/talos'],
    [
      'a certificate that nothing is signed by',
      `${shipped}\nsecureBootCertificate: "${CERTIFICATE}"\n`,
      '/secureBootCertificate',
    ],
    [
      'a certificate of other bytes',
      `${shipped.replace('secureBoot: false', 'secureBoot: true')}\nsecureBootCertificate: "-----BEGIN CERTIFICATE-----\\nAA==\\n-----END CERTIFICATE-----"\n`,
      '/secureBootCertificate',
    ],
    ['a certificate that is none', `${shipped}\nsecureBootCertificate: key.pem\n`, '/secureBootCertificate'],
    ...[
      '.*',
      '.+@.+',
      '[^@]+@example\\.(net|com)',
      'https://github\\.com/.*',
      'x?',
      'https://.*|someone@siderolabs\\.com',
    ].map((subject) => [
      `the pattern ${subject}, which admits anybody`,
      shipped.replace(/subjectPattern: .*$/m, `subjectPattern: '${subject}'`),
      '/upstream/signers/0/subjectPattern',
    ]),
    ['an option that no kernel has', shipped.replace('off: [', 'off: [CONFIG_CONFIG_KVM, '), '/kernel/off/0'],
    ['an option of no name', shipped.replace('off: [', 'off: [CONFIG_, '), '/kernel/off/0'],
    ['an option demanded and forbidden', shipped.replace('off: [', 'off: [CONFIG_KVM, '), '/kernel/off'],
    ['two overlays', `${shipped}\noverlays: [{name: a, image: x/a:v1}, {name: b, image: x/b:v1}]\n`, '/overlays'],
    ['an overlay without an image', `${shipped}\noverlays: [{name: a}]\n`, '/overlays/0/image'],
    ['an argument with a space', shipped.replace('Arguments: []', "Arguments: ['a b']"), '/extraKernelArguments/0'],
  ])('refuses %s and says where', async (_, text, path) => {
    const error = await expectCode<SchemaError>(
      () => parseContract(bytes(text), 'contract.yaml'),
      SchemaError,
      'SCHEMA',
    )
    expect(error.issues.map((issue) => issue.path)).toContain(path)
  })

  it('is for arm64, said or not, and refuses any other architecture by name and place', async () => {
    const of = (line: string) => parseContract(bytes(`${line}variants: {plain: {}}\n`), 'own.yaml')
    expect(architectureOf(of('architecture: arm64\n'))).toBe('arm64')
    expect(architectureOf(of(''))).toBe('arm64')
    const parse = () => of('architecture: amd64\n')
    const { issues } = await expectCode<SchemaError>(parse, SchemaError, 'SCHEMA')
    expect(issues.map(({ at, message }) => [at?.line, at?.column, message])).toEqual([
      [1, 15, 'expected arm64, got "amd64"'],
    ])
  })

  it('has a default for everything but variants', () => {
    const contract = parseContract(bytes('variants: {plain: {}}'), 'contract.yaml')
    expect(contract).toMatchObject({
      talos: '>=1.11.0 <1.15.0',
      variants: { plain: { role: 'worker', extensions: [], kernelModules: [] } },
      gateways: { count: 0, names: [] },
      kernel: { builtIn: [], off: [] },
      signing: { signers: [] },
    })
    const { talos, upstream, virtualExtensions, joinNetwork, pathsOfModules, unpackedSizeLimit } = parseContract(
      bytes(shipped),
      'contract.yaml',
    )
    expect(contract).toMatchObject({
      talos,
      upstream,
      virtualExtensions,
      joinNetwork,
      pathsOfModules,
      unpackedSizeLimit,
    })
    expect(contract).not.toHaveProperty('extends')
  })

  it('counts one gateway where a variant is one and the contract says nothing', () => {
    const count = (text: string) => parseContract(bytes(text), 'contract.yaml').gateways.count
    expect(count('variants: {a: {role: gateway}}')).toBe(1)
    expect(count('variants: {a: {role: gateway}}\ngateways: {count: 3}')).toBe(3)
  })

  it('extends the shipped contract, key by key where it is about several things', () => {
    const from = parseContract(bytes(shipped), 'contract.yaml')
    const text = [
      'extends: default',
      'variants: {plain: {extensions: [drbd]}}',
      'labels: {source: https://example.org/images}',
      'kernel: {off: [XEN]}',
    ]
    const own = parseContract(bytes(text.join('\n')), 'contract.yaml')
    expect(Object.keys(own.variants)).toEqual(['plain'])
    expect(own.labels).toEqual({ ...from.labels, source: 'https://example.org/images' })
    expect(own.kernel).toEqual({ ...from.kernel, off: ['XEN'] })
    expect(own.signing).toEqual(from.signing)
    expect(parseContract(bytes('extends: default'), 'contract.yaml')).toEqual({ ...from })
  })

  it('finds all mistakes at once, each with its line, its column and the key that may have been meant', async () => {
    const text = [
      'talos: newest',
      'secureboot: true',
      'variants:',
      '  Worker: {}',
      '  edge:',
      '    role: gatway',
      '    extension: [drbd]',
      '    extensions: drbd',
      'kernel:',
      '  builtIn: [KVM]',
      '  off: [CONFIG_KVM]',
      'labels:',
      '  source: nowhere',
      'signing:',
      '  signers:',
      '    - issuer: https://example.com',
      '      subjekt: someone',
      'unpackedSizeLimit: 1 GiB',
      'gateways: {count: -1, names: [""]}',
      'overlays: [{name: a, image: b}, {name: c, image: d}]',
    ]
    const parse = () => parseContract(bytes(text.join('\n')), 'own.yaml')
    const { issues } = await expectCode<SchemaError>(parse, SchemaError, 'SCHEMA')
    expect(issues.map(({ at, message }) => [at?.line, at?.column, message])).toEqual([
      [1, 8, 'expected a semver range, got "newest"'],
      [2, 1, 'unknown key secureboot: did you mean secureBoot?'],
      [4, 3, 'expected a name of lower-case letters, digits and dashes'],
      [6, 11, 'expected worker or gateway, got "gatway": did you mean gateway?'],
      [7, 5, 'unknown key extension: did you mean extensions?'],
      [8, 17, 'expected a list, got "drbd"'],
      [11, 3, 'KVM is demanded as well'],
      [13, 11, 'expected a URL, got "nowhere"'],
      [17, 7, 'unknown key subjekt: did you mean subject?'],
      [18, 20, 'expected a number, got "1 GiB"'],
      [19, 19, 'expected at least 0, got -1'],
      [19, 31, 'expected at least 1 letter, got ""'],
      [20, 1, 'expected at most 1 entry, got 2'],
    ])
    expect(issues.every(({ at }) => at?.path === 'own.yaml')).toBe(true)
  })

  it('says what is missing at the mapping that lacks it', async () => {
    const parse = (text: string) =>
      expectCode<SchemaError>(() => parseContract(bytes(text), 'own.yaml'), SchemaError, 'SCHEMA')
    const { issues } = await parse('schema: 1\noverlays:\n  - name: a\n')
    expect(issues.map(({ at, message }) => [at?.line, at?.column, message])).toEqual([
      [1, 1, 'variants is missing: expected a mapping'],
      [3, 5, 'image is missing: expected a text'],
    ])
    const empty = await parse('')
    expect(empty.issues.map(({ message }) => message)).toEqual(['expected a mapping, got null'])
  })
})

describe('admitsTalos', () => {
  const contract = { talos: '>=1.11.0 <1.15.0' }

  it.each(['v1.11.0', 'v1.14.2', 'v1.14.0-rc.1', 'v1.12.0-alpha.0', 'v1.11.0-3-gabcdef0-dirty'])(
    'admits %s',
    (talos) => {
      expect(admitsTalos(contract, talos)).toBe(true)
    },
  )

  it.each(['v1.10.9', 'v1.11.0-rc.0', 'v1.15.0', 'v1.15.0-alpha.0', 'latest'])('does not admit %s', (talos) => {
    expect(admitsTalos(contract, talos)).toBe(false)
  })
})

describe('selectRules', () => {
  const requirement = (id: string, needs: readonly string[] = []) => ({ id, needs })
  const ruleIndex = {
    requirements: [requirement('OCI-001'), requirement('UKI-001', ['OCI-001']), requirement('KRN-001', ['UKI-001'])],
  } as unknown as RuleIndex

  it('takes a rule with all that it needs, in the order of the rule index', () => {
    expect(selectRules(ruleIndex, ['KRN']).ids).toEqual(['OCI-001', 'UKI-001', 'KRN-001'])
  })

  it('names what it does not know', () => {
    expect(selectRules(ruleIndex, ['UKI-001', 'KR', 'EXT-009']).unknown).toEqual(['KR', 'EXT-009'])
  })
})
