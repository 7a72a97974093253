import { describe, expect, it } from 'vitest'
import { containerdPart } from './containerd-part.ts'
import { parseMachineConfig } from './document.ts'
import { machineConfigFacts } from './facts.ts'

const node = (text: string) =>
  machineConfigFacts(parseMachineConfig([{ path: 'c.yaml', bytes: Buffer.from(text) }])).node
const document = (kind: string, rest: string): string => `apiVersion: v1alpha1\nkind: ${kind}\n${rest}`

const OLD = `machine:
  env: {A: b}
  sysctls: {vm.nr_hugepages: "1"}
  kubelet:
    image: k
    extraArgs: {v: "4"}
    extraConfig: {maxPods: 1}
  files:
    - path: /etc/cri/conf.d/20-customization.part
      op: create
      content: x = 1
  baseRuntimeSpecOverrides: {process: {rlimits: [{type: RLIMIT_AS}]}}
`
const NEW = [
  document('EnvironmentConfig', 'variables: {A: b}\n'),
  document('SysctlConfig', 'params: {vm.nr_hugepages: "1"}\n'),
  document('KubeletConfig', 'image: k\nextraArgs: {v: "4"}\nconfig: {maxPods: 1}\n'),
  document('CRICustomizationConfig', 'name: a\ncontent: x = 1\n'),
  document('CRIBaseRuntimeSpecConfig', 'overrides: {process: {rlimits: [{type: RLIMIT_AS}]}}\n'),
].join('---\n')

describe('nodeFacts', () => {
  it.each([
    ['the old fields', OLD],
    ['the documents', NEW],
  ])('reads the same of %s', (_, text) => {
    const facts = node(text)
    expect(facts.environment).toMatchObject([{ name: 'A', value: 'b' }])
    expect(facts.sysctls).toMatchObject([{ name: 'vm.nr_hugepages', value: '1' }])
    expect(facts.kubeletImage?.value).toBe('k')
    expect(facts.arguments.kubelet).toMatchObject([{ name: 'v', value: '4' }])
    expect(facts.kubeletConfig).toMatchObject([{ kind: 'map', entries: [{ name: 'maxPods', value: { value: '1' } }] }])
    expect(facts.criParts).toMatchObject([{ value: 'x = 1' }])
    expect(facts.limits).toMatchObject([{ value: 'RLIMIT_AS' }])
  })

  it('reads rules about images in order, and disks', () => {
    const rules = 'rules: [{image: a/*, deny: true}, {skip: true}, {image: b, skip: true}]\n'
    expect(node(document('ImageVerificationConfig', rules)).imageRules).toMatchObject([
      { pattern: { value: 'a/*' }, deny: { value: 'true' } },
      { pattern: { value: 'b' }, skip: { value: 'true' } },
    ])
    const verifiers =
      'rules: [{image: a, keyless: {issuer: i, subject: s, subjectRegex: r}}, {image: b, publicKey: {certificate: c}}]\n'
    expect(node(document('ImageVerificationConfig', verifiers)).imageRules).toMatchObject([
      { keyless: { issuer: { value: 'i' }, subject: { value: 's' }, subjectRegex: { value: 'r' }, at: { line: 3 } } },
      { key: { value: 'c' } },
    ])
    expect(node('machine: {install: {disk: /dev/a}, disks: [{device: /dev/b}]}\n').devices).toMatchObject([
      { value: '/dev/a' },
      { value: '/dev/b' },
    ])
    const volume = 'name: EPHEMERAL\nprovisioning: {diskSelector: {match: system_disk}}\n'
    expect(node(document('VolumeConfig', volume)).diskSelectors).toMatchObject([
      { value: 'system_disk', volume: 'EPHEMERAL' },
    ])
  })

  it('takes what has another shape for absent', () => {
    expect(node('machine: {env: [a], sysctls: x, files: {a: b}, kubelet: {extraConfig: [a]}}\n')).toMatchObject({
      environment: [],
      sysctls: [],
      files: [],
      kubeletConfig: [],
    })
  })
})

describe('containerdPart', () => {
  it('gives the version and the keys of each plugin', () => {
    expect(containerdPart('version = 3\n[plugins."a"]\nb = 1\n[plugins."a".c]\nd = 2\n')).toEqual({
      version: 3,
      keys: [
        { plugin: 'a', key: 'b' },
        { plugin: 'a', key: 'c' },
      ],
    })
    expect(containerdPart('plugins = 1\n')).toEqual({ keys: [] })
  })

  it.each([
    ['a = = b', /^line 1: /],
    ['x'.repeat((1 << 20) + 1), /^more than/],
    [`a = ${'['.repeat(100_000)}`, /./],
  ])('says why it cannot read one', (text, error) => {
    expect(containerdPart(text).error).toMatch(error)
  })
})
