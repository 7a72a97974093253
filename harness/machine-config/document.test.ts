import { describe, expect, it } from 'vitest'
import { readAll } from '../bytes/source.ts'
import { FormatError, type FormatCode } from '../errors.ts'
import { expectCode } from '../testing/expect-code.ts'
import { describeHostile } from '../testing/hostile.ts'
import { machineConfigFacts } from './facts.ts'
import { parseMachineConfig, type MachineConfig } from './document.ts'

const parse = (...texts: readonly string[]): MachineConfig =>
  parseMachineConfig(texts.map((text, at) => ({ path: `${at}.yaml`, bytes: Buffer.from(text) })))
const facts = (...texts: readonly string[]) => machineConfigFacts(parse(...texts))
const document = (kind: string, rest: string): string => `---\napiVersion: v1alpha1\nkind: ${kind}\n${rest}`

/** `value file:line:column`. */
const placed = ({ value, at }: { value: string; at: { path: string; line: number; column: number } }): string =>
  `${value} ${at.path}:${at.line}:${at.column}`

const BASE = `machine:
  type: worker
  install:
    image: one
    extraKernelArgs: [a]
  kernel:
    modules:
      - name: drbd
cluster:
  network:
    podSubnets: [10.244.0.0/16]
---
apiVersion: v1alpha1
kind: ExtensionServiceConfig
name: tailscale
environment:
  - A=1
configFiles:
  - mountPath: /etc/a
    content: a
`

describe('parseMachineConfig merges a patch as Talos does', () => {
  it('mappings by key, scalars replaced, each value with its own file', () => {
    const { installs, extraKernelArguments } = facts(BASE, 'machine:\n  install:\n    image: two\n')
    expect(installs.map(({ image }) => image && placed(image))).toEqual(['two 1.yaml:3:12'])
    expect(extraKernelArguments.map(placed)).toEqual(['a 0.yaml:5:23'])
  })

  it('lists appended, subnets replaced', () => {
    const patch = `machine:
  install: {extraKernelArgs: [b]}
  kernel: {modules: [{name: zfs}]}
cluster:
  network: {podSubnets: [10.1.0.0/16]}
`
    const merged = facts(BASE, patch)
    expect(merged.extraKernelArguments.map(({ value }) => value)).toEqual(['a', 'b'])
    expect(merged.modules.map(({ name }) => name)).toEqual(['drbd', 'zfs'])
    expect(merged.podSubnets.map(({ value }) => value)).toEqual(['10.1.0.0/16'])
  })

  it('documents of a kind and name, others appended; config files by their mount path', () => {
    const patch = [
      document(
        'ExtensionServiceConfig',
        'name: tailscale\nenvironment: [B=2]\nconfigFiles: [{mountPath: /etc/a, content: b}, {mountPath: /b, content: b}]\n',
      ),
      document('ExtensionServiceConfig', 'name: other\nenvironment: [C=3]\n'),
    ].join('')
    expect(
      facts(BASE, patch).services.map(({ name, environment, files }) => [name, environment.length, files]),
    ).toEqual([
      ['tailscale', 2, 2],
      ['other', 1, 0],
    ])
  })

  it('nothing for what a patch leaves empty', () => {
    const { installs } = facts(BASE, 'machine:\n  install:\n    image: ""\n    wipe:\n  kernel:\n')
    expect(installs[0]?.image?.value).toBe('one')
    expect(facts('machine:\n  install:\n', BASE).installs[0]?.image?.value).toBe('one')
  })

  it('each patch over all before it', () => {
    expect(
      facts(BASE, 'machine: {install: {image: two}}', 'machine: {install: {image: three}}').installs[0]?.image?.value,
    ).toBe('three')
  })

  it('$patch: delete of a part of the v1alpha1 document, and of a whole other document', () => {
    const patch = `machine:\n  install:\n    $patch: delete\n${document('ExtensionServiceConfig', 'name: tailscale\n$patch: delete\n')}`
    expect(facts(BASE, patch)).toMatchObject({ installs: [], services: [] })
  })

  it('$patch: delete of what is not there', () => {
    const patch = `machine:\n  env:\n    X:\n      $patch: delete\n${document('KernelModuleConfig', 'name: x\n$patch: delete\n')}`
    expect(facts(BASE, patch)).toEqual(facts(BASE))
  })
})

describe('parseMachineConfig refuses', () => {
  it.each<[string, FormatCode, string, readonly string[]]>([
    ['no file', 'MALFORMED', ':1:1', []],
    ['no document', 'MALFORMED', '0.yaml:1:1', ['# nothing\n---\n']],
    ['a scalar', 'MALFORMED', '0.yaml:1:1', ['hello']],
    ['a document of Kubernetes', 'MALFORMED', '0.yaml:1:1', ['apiVersion: apps/v1\nkind: Deployment\n']],
    ['a kind without apiVersion', 'MALFORMED', '0.yaml:1:1', ['kind: KubeletConfig\n']],
    ['a key that no document has', 'MALFORMED', '0.yaml:2:1', ['machine: {}\nspec: {}\n']],
    ['a kind that is a list', 'MALFORMED', '0.yaml:1:7', ['kind: [a]\n']],
    ['two documents of one kind', 'MALFORMED', '0.yaml:3:1', ['machine: {}\n---\ncluster: {}\n']],
    ['another kind of value over one', 'MALFORMED', '1.yaml:1:11', [BASE, 'machine:  [a]\n']],
    ['a JSON patch', 'UNSUPPORTED', '1.yaml:1:1', [BASE, '- op: remove\n  path: /machine\n']],
    ['$patch in the first file', 'UNSUPPORTED', '0.yaml:2:13', ['machine:\n  install: {$patch: delete}\n']],
    [
      '$patch of an item of a list',
      'UNSUPPORTED',
      '1.yaml:1:32',
      [BASE, 'machine: {kernel: {modules: [{ $patch: delete, name: drbd}]}}'],
    ],
    ['$patch of an item of a new list', 'UNSUPPORTED', '1.yaml:1:19', [BASE, 'machine: {pods: [{$patch: delete}]}']],
    ['another $patch', 'UNSUPPORTED', '1.yaml:1:21', [BASE, 'machine: {install: {$patch: replace}}']],
    ['$patch of all', 'UNSUPPORTED', '1.yaml:1:1', [BASE, '$patch: delete\n']],
    [
      '$patch inside another document',
      'UNSUPPORTED',
      '1.yaml:4:15',
      [BASE, document('KubeletConfig', 'extraMounts: {$patch: delete}\n')],
    ],
    ['a merge key', 'UNSUPPORTED', '0.yaml', ['machine: &m {}\ncluster: {<<: *m}\n']],
  ])('%s', async (_, code, path, texts) => {
    const error = await expectCode(() => parse(...texts), FormatError, code)
    expect(error.at?.path).toBe(path)
  })

  it('trees that aliases make deeper than the reader goes', async () => {
    const levels = Array.from({ length: 5 }, (_, n) => {
      const inner = n === 0 ? '1' : `*a${n - 1}`
      return `  a${n}: &a${n} ${'{x: '.repeat(50)}${inner}${'}'.repeat(50)}\n`
    })
    const text = `machine:\n${levels.join('')}`
    const error = await expectCode(() => parse(text, text), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at?.path).toMatch(/^1\.yaml:/)
  })
})

describeHostile('machine configuration', { 'base.yaml': () => Buffer.from(BASE) }, async (source) => {
  const file = { path: source.where.path ?? '', bytes: await readAll(source, 1 << 20) }
  return machineConfigFacts(parseMachineConfig([file, file]))
})
