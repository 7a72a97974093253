import { describe, expect, it } from 'vitest'
import { readAll } from '../bytes/source.ts'
import { formatPlace } from '../formats/yaml/nodes.ts'
import { describeHostile } from '../testing/hostile.ts'
import { machineConfigFacts } from './facts.ts'
import { parseMachineConfig, type MachineConfig } from './document.ts'
import type { ProblemClass } from './reading/problem.ts'
import { MINORS } from './schema/schema.ts'

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

  it('$patch: delete of an item of a list, by its first other key', () => {
    const patch = 'machine: {kernel: {modules: [{ $patch: delete, name: drbd}]}}'
    expect(facts(BASE, patch).modules).toEqual([])
  })

  it('JSON patches over a single document', () => {
    const patch = '- {op: replace, path: /machine/install/image, value: two}\n- {op: remove, path: /machine/kernel}\n'
    const { installs, modules } = facts(BASE.split('---')[0] ?? '', patch)
    expect([installs.map(({ image }) => image?.value), modules]).toEqual([['two'], []])
  })
})

describe('parseMachineConfig reads as Talos does', () => {
  const utf16 = Buffer.from('\ufeffmachine: {install: {image: one}}\n', 'utf16le')

  it('UTF-16', () => {
    const { installs } = machineConfigFacts(parseMachineConfig([{ path: 'a', bytes: utf16 }]))
    expect(installs[0]?.image?.value).toBe('one')
  })

  it('aliases across documents', () => {
    const text = `machine: {install: {image: &i one}}\n${document('ExtensionServiceConfig', 'name: *i\n')}`
    expect(facts(text).services.map(({ name }) => name)).toEqual(['one'])
  })

  it('U+2028 as the end of a line', () => {
    expect(facts('machine: {} # a\u2028cluster: {network: {podSubnets: [10.1.0.0/16]}}\n').podSubnets).toHaveLength(1)
  })

  it.each(['1.11', '1.12', '1.13', '1.14'] as const)('merge keys and $patch in free mappings (%s)', (minor) => {
    const patch = 'machine: {sysctls: {$patch: replace}}\n'
    expect(parse(patch).readings[minor]?.problems).toEqual([])
    const merged = parse('machine:\n  sysctls: &s {a: b}\n  env: {<<: *s}\n')
    expect(merged.readings[minor]?.problems.map(({ at }) => at.line)).toEqual(minor === '1.14' ? [3] : [])
  })
})

describe('parseMachineConfig decodes values as go-yaml does', () => {
  it.each([
    ['an empty mapping for an address', '{gateway: {}}', '1.12'],
    ['a number of a routing table with a zero before it', '{table: 05}', ''],
    ['its number', '{table: 5}', '1.12 1.13 1.14'],
    ['an address in base64', '{gateway: !!binary MTAuMC4wLjE=}', '1.12 1.13 1.14'],
    ['base64 of none', '{gateway: !!binary eA==}', ''],
    ['tags of sets, which it does not know', '!!set {gateway: 10.0.0.1}', '1.12 1.13 1.14'],
  ])('%s', (_, route, taken) => {
    const { readings } = parse(document('DummyLinkConfig', `name: a\nroutes: [${route}]\n`))
    const minors = (['1.12', '1.13', '1.14'] as const).filter((minor) => readings[minor]?.problems.length === 0)
    expect(minors.join(' ')).toBe(taken)
  })
})

describe('parseMachineConfig decodes scalars as go-yaml does', () => {
  it.each([
    ['a date as an argument', 'apiServer: {extraArgs: {a: 2026-11-26}}', '1.11 1.12 1.13'],
    ['a number as an argument', 'apiServer: {extraArgs: {a: 5}}', '1.11 1.12 1.13 1.14'],
    ['the number 0 as a duration', 'adminKubeconfig: {certLifetime: 0}', '1.13 1.14'],
    ['nanoseconds as a duration', 'adminKubeconfig: {certLifetime: 5.0}', '1.14'],
    ['a number as a duration', 'adminKubeconfig: {certLifetime: 5}', ''],
  ])('%s', (_, field, taken) => {
    const { readings } = parse(`cluster: {${field}}\n`)
    const minors = MINORS.filter((minor) => readings[minor]?.problems.length === 0)
    expect(minors.join(' ')).toBe(taken)
  })
})

describe('parseMachineConfig reports what keeps Talos from reading', () => {
  it.each<[string, ProblemClass, string, readonly string[]]>([
    ['no document', 'syntax', '0.yaml:1:1', ['# nothing\n---\n']],
    ['a colon that older Talos takes into the key', 'yaml', '0.yaml:1:22', ['machine: {kubelet: {a:}}\n']],
    ['a scalar', 'syntax', '0.yaml:1:1', ['hello']],
    ['a document of Kubernetes', 'document', '0.yaml:2:1', ['apiVersion: apps/v1\nkind: Deployment\n']],
    ['a kind without apiVersion', 'document', '0.yaml:1:1', ['kind: KubeletConfig\n']],
    ['a key that no document has', 'key', '0.yaml:2:1', ['machine: {}\nspec: {}\n']],
    ['a kind that is a list', 'document', '0.yaml:1:1', ['kind: [a]\n']],
    ['two documents of one kind', 'document', '0.yaml:3:1', ['machine: {}\n---\ncluster: {}\n']],
    ['another kind of value over one', 'type', '1.yaml:1:1', [BASE, 'machine:  [a]\n']],
    ['a JSON patch over several documents', 'patch', '1.yaml:1:1', [BASE, '- op: remove\n  path: /machine\n']],
    ['$patch in the first file', 'key', '0.yaml:2:13', ['machine:\n  install: {$patch: delete}\n']],
    ['$patch of an item of a new list', 'patch', '1.yaml:1:18', [BASE, 'machine: {pods: [{$patch: delete}]}']],
    ['another $patch', 'key', '1.yaml:1:21', [BASE, 'machine: {install: {$patch: replace}}']],
    ['$patch of all', 'patch', '1.yaml:1:1', [BASE, '$patch: delete\n']],
    ['a merge key in a structure', 'key', '0.yaml:2:11', ['machine: &m {}\ncluster: {<<: *m}\n']],
    ['a key set twice', 'key', '0.yaml:1:27', ['machine: {sysctls: {a: b, a: c}}\n']],
    ['a date as text', 'type', '0.yaml:1:24', ['machine: {sysctls: {a: 2026-11-26}}\n']],
    ['quotes around a number', 'type', '0.yaml:1:40', ["machine: {network: {interfaces: [{mtu: '9000'}]}}\n"]],
  ])('%s', (_, of, place, texts) => {
    const [problem] = parse(...texts).readings['1.14']?.problems ?? []
    expect([problem?.class, problem && formatPlace(problem.at)]).toEqual([of, place])
  })

  it('and for which Talos an unknown key would be one', () => {
    const [problem] = parse('machine: {install: {grubUseUKICmdline: true}}\n').readings['1.11']?.problems ?? []
    expect(problem?.message).toBe('is no key there, but for Talos 1.12 to 1.14')
    expect(parse('machine: {sysctl: {}}\n').readings['1.11']?.problems[0]?.expected).toBe('sysctls')
  })

  it.each([
    ['a line of a tab', 'machine:\n  type: worker\n\t\n'],
    ['a tab in a block of text', 'machine:\n  files:\n    - content: |\n        \ta\n'],
    ['another version of YAML', '%YAML 1.2\n---\nmachine: {}\n'],
  ])('alone in %s', (_, text) => {
    const { documents, readings } = parse(text)
    expect(documents).toEqual([])
    expect(readings['1.11']?.problems).toMatchObject([
      { class: 'yaml', message: expect.stringMatching(/^is no YAML to Talos: expected/), at: { path: '0.yaml' } },
    ])
  })

  it('in bounded time where aliases expand without end', () => {
    const lines = Array.from(
      { length: 12 },
      (_, n) =>
        `  a${n}: &a${n} [${Array(12)
          .fill(n === 0 ? 'x' : `*a${n - 1}`)
          .join(', ')}]`,
    )
    const { problems = [] } =
      parse(document('KubeStaticPodConfig', `name: a\npod:\n${lines.join('\n')}\n`)).readings['1.14'] ?? {}
    expect(problems.map((problem) => problem.class)).toContain('syntax')
  })
})

describeHostile('machine configuration', { 'base.yaml': () => Buffer.from(BASE) }, async (source) => {
  const file = { path: source.where.path ?? '', bytes: await readAll(source, 1 << 20) }
  return machineConfigFacts(parseMachineConfig([file, file]))
})

describe('parseMachineConfig for one minor', () => {
  const file = [{ path: 'a', bytes: Buffer.from('machine: {type: worker}\n') }]
  const minorsOf = (choose: Parameters<typeof parseMachineConfig>[1]) =>
    Object.keys(parseMachineConfig(file, choose).readings)

  it('reads as the chosen minor does, as all do where none is chosen', () => {
    expect(minorsOf(() => '1.12')).toEqual(['1.12'])
    expect(minorsOf(() => '1.14')).toEqual(['1.14'])
    expect(minorsOf(() => undefined)).toEqual(['1.11', '1.12', '1.13', '1.14'])
  })

  it('reads as all do where that minor does not see the field that implied it', () => {
    expect(minorsOf(({ readings }) => (readings['1.14'] === undefined ? undefined : '1.11'))).toHaveLength(4)
  })
})
