import { describe, expect, it } from 'vitest'
import { HarnessError, type HarnessCode } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { observeNodes, type SavedOutput } from './observed.ts'
import { readServiceTable, setNode } from './service-table.ts'

const TABLE = `NODE        SERVICE        STATE     HEALTH   LAST CHANGE   LAST EVENT
192.0.2.1   kubelet        Running   Fail     4m0s ago      Health check failed: no answer
192.0.2.1   ext-a-b        Waiting   ?        8m0s ago      Waiting for extension service config
`

const saved = (name: string, ...documents: readonly object[]): SavedOutput => ({
  name,
  path: `saved/${name}`,
  bytes: Buffer.from(documents.map((document) => JSON.stringify(document)).join('\n')),
})
const text = (name: string, content: string): SavedOutput => ({
  name,
  path: `saved/${name}`,
  bytes: Buffer.from(content),
})
const of = (node: string, id: string | number, spec: unknown, type?: string): object => ({
  metadata: { id, ...(type !== undefined && { type }) },
  node,
  spec,
})
const extension = (node: string, id: string | number, name: string, version: string | number): object =>
  of(node, id, { image: `${id}.sqsh`, metadata: { name, version } }, 'ExtensionStatuses.runtime.talos.dev')

describe('observeNodes', () => {
  it('tells nodes of one stream apart, numbers in the place of texts included', () => {
    const [first, second] = observeNodes([
      saved('extensions.json', extension('a', 0, 'drbd', '9'), extension('b', 0, 'zfs', 20_251_021)),
    ])
    expect(first?.extensions).toEqual([{ name: 'drbd', version: '9', at: expect.objectContaining({ line: 1 }) }])
    expect(second?.extensions).toEqual([{ name: 'zfs', version: '20251021', at: expect.objectContaining({ line: 2 }) }])
  })

  it('keeps apart what is empty and what was not asked', () => {
    const [node] = observeNodes([
      saved('versions.json', of('a', 'version', { version: 'v1.11.5' })),
      saved('routes.json'),
    ])
    expect(node?.talos?.value).toBe('v1.11.5')
    expect(node?.routes).toEqual([])
    expect(node).not.toHaveProperty('extensions')
  })

  it('takes what a node did not answer for not asked', () => {
    const [node] = observeNodes([
      saved('versions.json', of('a', 'version', { version: 'v1.11.5' })),
      saved('extensions.json', extension('b', 0, 'drbd', '9')),
      saved('unanswered.json', of('a', 'extensions', {})),
    ])
    expect(node).toMatchObject({ address: 'a' })
    expect(node).not.toHaveProperty('extensions')
  })

  it.each(['0x07', 7])('finds a staged upgrade by the id %j', (id) => {
    const others = [6, 8, '0x70', '0x0a'].map((other) => of('a', other, { value: 'x' }))
    const staged = of('a', id, { value: 'ghcr.io/you/x:v1' })
    expect(observeNodes([saved('metakeys.json', ...others, staged)])[0]?.stagedUpgrade?.value).toBe('ghcr.io/you/x:v1')
    expect(observeNodes([saved('metakeys.json', ...others)])[0]).not.toHaveProperty('stagedUpgrade')
  })

  it('takes one thing that is said twice', () => {
    const [node] = observeNodes([
      saved('versions.json', ...[1, 2].map(() => of('a', 'version', { version: 'v1.11.5' }))),
    ])
    expect(node?.talos?.value).toBe('v1.11.5')
  })

  it('takes an extension that is said twice for one, and two layers of one name for two', () => {
    const drbd = (id: number) => extension('a', id, 'drbd', '9')
    const [node] = observeNodes([saved('extensions.json', drbd(0), drbd(0), drbd(1))])
    expect(node?.extensions).toHaveLength(2)
  })

  it.each([
    ['machineconfigs', of('a', 'v1alpha1', 'version: v1alpha1'), of('a', 'v1alpha1', 'version: v1beta1')],
    ['metakeys', of('a', '0x07', { value: '' }), of('a', '0x07', { value: 'ghcr.io/x/y:v1' })],
    ['loadedkernelmodules', of('a', 'drbd', { state: 'Live' }), of('a', 'drbd', { state: 'Unloading' })],
    [
      'machinestatuses',
      of('a', 'machine', { stage: 'running', status: { ready: true } }),
      of('a', 'machine', { stage: 'running', status: { ready: false } }),
    ],
  ] as const)('refuses a node that says two things in %s', async (name, one, other) => {
    const error = await expectCode(() => observeNodes([saved(`${name}.json`, one, other)]), HarnessError, 'MALFORMED')
    expect(error.message).toContain(`expected one answer of a in ${name}`)
    expect(() => observeNodes([saved(`${name}.json`, one, { ...other, node: 'b' })])).not.toThrow()
  })

  it.each([
    ['nothing', '           '],
    ['its hostname', 'worker-1   '],
  ])('knows the node of a table that calls it %s by the name of the file', (_, column) => {
    const table = TABLE.replaceAll('192.0.2.1  ', column)
    const running = saved('services.json', of('192.0.2.1', 'kubelet', { running: true }))
    const nodes = observeNodes([running, text('services.192.0.2.1.txt', table)])
    expect(nodes).toMatchObject([{ address: '192.0.2.1', hasServiceTable: true }])
    expect(nodes[0]?.services?.map(({ state }) => state)).toEqual(['Running', 'Waiting'])
  })

  it('refuses a table that does not say of which node it is', async () => {
    const table = text('services.txt', TABLE.replaceAll('192.0.2.1  ', '           '))
    const error = await expectCode(() => observeNodes([table]), HarnessError, 'MALFORMED')
    expect(error.message).toContain('name the file services.NODE.txt')
  })

  it('has a node that was asked and says nothing', () => {
    expect(observeNodes([saved('versions.json')], ['a'])).toEqual([
      { address: 'a', start: { path: 'saved/versions.json' }, hasServiceTable: false, unmet: [] },
    ])
  })

  it('joins the services that run with the table of all of them', () => {
    const [node] = observeNodes([
      saved(
        'services.json',
        of('192.0.2.1', 'apid', { running: true, healthy: true, unknown: false }),
        of('192.0.2.1', 'kubelet', { running: true, healthy: true, unknown: false }),
      ),
      text('services.192.0.2.1.txt', TABLE),
    ])
    expect(node?.services).toMatchObject([
      { name: 'kubelet', state: 'Running', running: true, healthy: false, event: 'Health check failed: no answer' },
      { name: 'ext-a-b', state: 'Waiting', running: false, event: 'Waiting for extension service config' },
      { name: 'apid', running: true, healthy: true },
    ])
  })

  it('puts the node that was asked into each row of its table, whatever it calls itself', () => {
    const anonymous = TABLE.replaceAll('192.0.2.1   ', '            ')
    for (const table of [TABLE, anonymous]) {
      const own = setNode(Buffer.from(table), 'services.txt', 'worker-1.example.test')
      const rows = readServiceTable(Buffer.from(own), 'services.txt').map(({ node, name, event }) => [
        node,
        name,
        event,
      ])
      expect(rows).toEqual([
        ['worker-1.example.test', 'kubelet', 'Health check failed: no answer'],
        ['worker-1.example.test', 'ext-a-b', 'Waiting for extension service config'],
      ])
    }
  })

  it('reads a machine configuration that is a map, not a text', () => {
    const [node] = observeNodes([saved('machineconfigs.json', of('a', 'v1alpha1', { version: 'v1alpha1' }))])
    expect(JSON.parse(node?.activeConfig?.value ?? '')).toEqual({ version: 'v1alpha1' })
  })

  it.each<[string, SavedOutput, HarnessCode]>([
    [
      'a resource of another kind',
      saved('extensions.json', of('a', 0, {}, 'Services.v1alpha1.talos.dev')),
      'MALFORMED',
    ],
    ['a resource without id', saved('versions.json', { metadata: {}, node: 'a', spec: { version: 'v1' } }), 'SCHEMA'],
    ['a field of another type', saved('versions.json', of('a', 'version', { version: ['v1.11.5'] })), 'SCHEMA'],
    [
      'a node that says two things',
      saved('versions.json', ...['v1.11.5', 'v1.11.6'].map((version) => of('a', 'version', { version }))),
      'MALFORMED',
    ],
    ['a table without its heading', text('services.txt', '192.0.2.1 kubelet Running\n'), 'MALFORMED'],
    ['a table that lacks a column', text('services.txt', 'NODE  SERVICE  STATE\na  kubelet  Running\n'), 'MALFORMED'],
    ['a table without end', text('services.txt', '\n'.repeat(100_001)), 'LIMIT_EXCEEDED'],
    ['a table that is too large', text('services.txt', ' '.repeat((4 << 20) + 1)), 'LIMIT_EXCEEDED'],
  ])('refuses %s', async (_, output, code) => {
    const { at } = await expectCode(async () => observeNodes([output]), HarnessError, code)
    expect(at?.path).toBe(output.path)
  })
})
