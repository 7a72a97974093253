import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError, SchemaError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseServiceSpec, waitsFor } from './service-spec.ts'

const where = { path: '6.sqsh!usr/local/etc/containers/tailscale.yaml' }
const parse = (text: string) => parseServiceSpec(Buffer.from(text), where)

const sample = `name: tailscale
depends:
  - service: cri
  - network:
      - addresses
      - etcfiles
  - path: /dev/net/tun
  - time: true
  - configuration: true
container:
  entrypoint: /usr/local/bin/containerboot
  environment:
    - TS_USERSPACE=false
  environmentFile: /var/etc/tailscale/auth.env
  args: [--port, 41641]
  security:
    writeableSysfs: yes
    maskedPaths: []
    readonlyPaths: [/proc/sys]
    rootfsPropagation: shared
  mounts:
    - source: /var/lib/tailscale
      destination: /var/lib/tailscale
      type: bind
      options: [bind, rw]
restart: always
logToConsole: true
`

describe('parseServiceSpec', () => {
  it('reads every field', () => {
    expect(parse(sample)).toEqual({
      name: 'tailscale',
      container: {
        entrypoint: '/usr/local/bin/containerboot',
        environment: ['TS_USERSPACE=false'],
        environmentFile: '/var/etc/tailscale/auth.env',
        args: ['--port', '41641'],
        mounts: [
          { source: '/var/lib/tailscale', destination: '/var/lib/tailscale', type: 'bind', options: ['bind', 'rw'] },
        ],
        security: {
          writeableSysfs: true,
          writeableRootfs: false,
          maskedPaths: [],
          readonlyPaths: ['/proc/sys'],
          rootfsPropagation: 'shared',
        },
      },
      depends: [
        { kind: 'service', service: 'cri' },
        { kind: 'network', network: ['addresses', 'etcfiles'] },
        { kind: 'path', path: '/dev/net/tun' },
        { kind: 'time' },
        { kind: 'configuration' },
      ],
      restart: 'always',
      logToConsole: true,
    })
  })

  it('needs no more than a name, an entrypoint and a restart kind', () => {
    const spec = parse(
      '{name: a-b_1, container: {entrypoint: ./run, mounts: [~, {type: bind}], more: 1}, restart: never, more: 2}',
    )
    expect(spec).toMatchObject({ name: 'a-b_1', container: { entrypoint: './run', args: [] }, depends: [] })
    expect(spec.container.mounts).toEqual([{ source: '', destination: '', type: 'bind', options: [] }])
    expect(waitsFor(spec)).toEqual([{ kind: 'service', service: 'containerd' }])
  })

  it('leaves out what is null in a list, as Go does', () => {
    const spec = parse(
      '{name: a, container: {entrypoint: /a, args: [~, b]}, depends: [~, {time: true}], restart: never}',
    )
    expect(spec.container.args).toEqual(['b'])
    expect(spec.depends).toEqual([{ kind: 'time' }])
  })

  it.each(['restart: always', 'restart: never', 'restart: untilSuccess'])('takes %s', (restart) => {
    expect(`restart: ${parse(`{name: a, container: {entrypoint: /a}, ${restart}}`).restart}`).toBe(restart)
  })
})

describe('parseServiceSpec refuses', () => {
  const valid = { name: 'a', container: { entrypoint: '/a' }, restart: 'always' }

  it.each([
    ['nothing', null, ['/']],
    ['a name with capitals', { ...valid, name: 'Tail' }, ['/name']],
    ['an empty name', { ...valid, name: '' }, ['/name']],
    ['no container', { name: 'a', restart: 'always' }, ['/container/entrypoint']],
    ['an empty entrypoint', { ...valid, container: { entrypoint: '' } }, ['/container/entrypoint']],
    ['no restart kind', { ...valid, restart: undefined }, ['/restart']],
    ['another restart kind', { ...valid, restart: 'onFailure' }, ['/restart']],
    ['an empty dependency', { ...valid, depends: [{}] }, ['/depends/0']],
    ['a dependency on nothing', { ...valid, depends: [{ service: '', time: false }] }, ['/depends/0']],
    ['two dependencies in one', { ...valid, depends: [{ time: true }, { service: 'a', time: true }] }, ['/depends/1']],
    ['a relative path', { ...valid, depends: [{ path: 'dev/x' }] }, ['/depends/0/path']],
    ['another network status', { ...valid, depends: [{ network: ['dns'] }] }, ['/depends/0/network/0']],
    ['a network that is no list', { ...valid, depends: [{ network: 'addresses' }] }, ['/depends/0/network']],
    ['a boolean that is none', { ...valid, logToConsole: 'maybe' }, ['/logToConsole']],
    ['arguments that are no list', { ...valid, container: { entrypoint: '/a', args: '-x' } }, ['/container/args']],
    ['all at once', { name: 'A', depends: [{}, { path: 'x' }] }, 5],
  ])('%s', async (_, document, issues) => {
    const error = await expectCode<SchemaError>(() => parse(JSON.stringify(document)), SchemaError, 'SCHEMA')
    const paths = error.issues.map(({ path }) => path || '/')
    expect(typeof issues === 'number' ? paths.length : paths).toEqual(issues)
    expect(error.at).toEqual(where)
  })

  it('what is no YAML', async () => {
    const error = await expectCode(() => parse('name: [a'), FormatError, 'MALFORMED')
    expect(error.at).toMatchObject(where)
  })
})

it('waits for containerd, the environment file and every dependency', () => {
  expect(waitsFor(parse(sample))).toEqual([
    { kind: 'service', service: 'containerd' },
    { kind: 'path', path: '/var/etc/tailscale/auth.env' },
    ...parse(sample).depends,
  ])
})

describeHostile('service specification', { 'service.yaml': () => Buffer.from(sample) }, async (source) =>
  waitsFor(parseServiceSpec(await readAll(source, 1 << 20), source.where)),
)
