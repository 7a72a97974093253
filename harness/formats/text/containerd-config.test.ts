import { describe, expect, it } from 'vitest'
import { readAll } from '../../bytes/source.ts'
import { FormatError } from '../../errors.ts'
import { expectCode } from '../../testing/expect-code.ts'
import { describeHostile } from '../../testing/hostile.ts'
import { parseContainerdConfig } from './containerd-config.ts'
import { cpuMs } from '../../testing/cpu-time.ts'

const where = { path: '5.sqsh!etc/cri/conf.d/10-spin.part' }
const handlers = (text: string) => Object.fromEntries(parseContainerdConfig(Buffer.from(text), where).handlers)

const spinOf = (plugin: string, type: string) =>
  `[plugins."${plugin}".containerd.runtimes.spin]\nruntime_type = "${type}"\n`

const sample = `version = 3
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin]
  runtime_type = "io.containerd.spin.v2"
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin.options]
  SystemdCgroup = false
[plugins.'io.containerd.cri.v1.images']
  discard_unpacked_layers = true
`

describe('parseContainerdConfig', () => {
  it('reads handlers of version 3', () => {
    expect(handlers(sample)).toEqual({ spin: { runtimeType: 'io.containerd.spin.v2' } })
  })

  it('reads dotted keys and inline tables', () => {
    const text = `plugins."io.containerd.cri.v1.runtime".containerd.runtimes = { a = { runtime_type = "a.v2" }, b = {} }`
    expect(handlers(text)).toEqual({ a: { runtimeType: 'a.v2' }, b: {} })
  })

  it('passes over the keys of versions 2 and 1, as containerd 2 does', () => {
    const text = spinOf('io.containerd.cri.v1.runtime', 'new') + spinOf('io.containerd.grpc.v1.cri', 'old')
    expect(handlers(text)).toEqual({ spin: { runtimeType: 'new' } })
    expect(handlers(spinOf('io.containerd.grpc.v1.cri', 'old') + spinOf('cri', 'oldest'))).toEqual({})
  })

  it('reads the key that it is asked for', () => {
    const text = Buffer.from(spinOf('cri', 'oldest'))
    expect([...parseContainerdConfig(text, where, 'cri').handlers.keys()]).toEqual(['spin'])
  })

  it('finds none where there is none', () => {
    expect(handlers('')).toEqual({})
    expect(handlers('[plugins]\n[other.containerd.runtimes.x]\n')).toEqual({})
  })

  it('takes __proto__ as a name like any other', () => {
    const text = '[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.__proto__]\nruntime_type = "x"\n'
    const found = parseContainerdConfig(Buffer.from(text), where).handlers
    expect([...found.keys()]).toEqual(['__proto__'])
  })
})

describe('parseContainerdConfig refuses', () => {
  it.each([
    ['what is no TOML', '[plugins'],
    ['a table given twice', '[a]\n[a]\n'],
    ['plugins that are no table', 'plugins = 1'],
    ['runtimes that are no table', 'plugins."io.containerd.cri.v1.runtime".containerd.runtimes = []'],
    ['a handler that is no table', 'plugins."io.containerd.cri.v1.runtime".containerd.runtimes.a = 1979-05-27'],
    [
      'a runtime type that is no string',
      'plugins."io.containerd.cri.v1.runtime".containerd.runtimes.a.runtime_type = 1',
    ],
    ['nested brackets', `a = ${'['.repeat(100_000)}`],
  ])('%s', async (_, text) => {
    const error = await expectCode(() => handlers(text), FormatError, 'MALFORMED')
    expect(error.at).toEqual(where)
  })

  it('text that is not UTF-8', async () => {
    const error = await expectCode(() => parseContainerdConfig(Buffer.from([0xff]), where), FormatError, 'MALFORMED')
    expect(error.at).toEqual(where)
  })

  it('more than a mebibyte', async () => {
    const bytes = Buffer.alloc((1 << 20) + 1, '#')
    const error = await expectCode(() => parseContainerdConfig(bytes, where), FormatError, 'LIMIT_EXCEEDED')
    expect(error.at).toEqual(where)
  })

  it.each([
    ['keys', (n: number) => `k${n} = 1\n`],
    ['tables', (n: number) => `[t${n}]\n`],
    ['dots', () => 'a.'],
    ['elements', (n: number) => (n === 0 ? 'a = [' : '1,')],
    ['quotes', () => '"'],
    ['tables of one array', () => '[[a]]\n'],
  ])('or reads half a mebibyte of %s in bounded time', (_, piece) => {
    let text = ''
    for (let n = 0; text.length < 1 << 19; n++) text += piece(n)
    const started = cpuMs()
    expect(isValueOrFormatError(() => handlers(text))).toBe(true)
    expect(cpuMs() - started).toBeLessThan(5000)
  })

  it('lists the settings that are no type of a handler', () => {
    const text = `version = 3
[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.spin]
runtime_type = "io.containerd.spin.v2"
runtime_path = "/x"
made = 2025-01-01
list = [{ a = 1 }]
`
    const handler = 'plugins > io.containerd.cri.v1.runtime > containerd > runtimes > spin'
    expect(parseContainerdConfig(Buffer.from(text)).others).toEqual([
      'version',
      ...['runtime_path', 'made', 'list'].map((key) => `${handler} > ${key}`),
    ])
  })
})

function isValueOrFormatError(action: () => unknown): boolean {
  try {
    action()
    return true
  } catch (error) {
    return error instanceof FormatError
  }
}

describeHostile('containerd config', { '10-spin.part': () => Buffer.from(sample) }, async (source) =>
  parseContainerdConfig(await readAll(source, 1 << 20), source.where),
)
