import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ask, basic } from '#fixtures/simulator/registry/testing.ts'
import { ROOT } from '../root.ts'
import { main } from './main.ts'
import { parseRegistryCommand } from './options.ts'

const GOLDEN = `docker-archive:${join(ROOT, 'fixtures/golden/v1.11.5-plain/installer-arm64.tar')}`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-command-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Started = { readonly text: string; readonly stop: () => Promise<number> }

/** Until it says where it is, or has ended. */
async function start(args: readonly string[]): Promise<Started> {
  const stop = new AbortController()
  let text = ''
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((part) => {
      text += String(part)
      return true
    }),
  )
  const ended = main(args, stop.signal).finally(() => spies.forEach((spy) => spy.mockRestore()))
  await Promise.race([ended, vi.waitFor(() => expect(text).toContain('Ctrl-C'), { timeout: 240_000 })])
  return {
    text,
    stop: () => {
      stop.abort()
      return ended
    },
  }
}

const urlOf = ({ text }: Started) => /https?:\/\/\S+/.exec(text)?.[0] ?? ''

describe('npm run registry', () => {
  it('serves images, says where, and ends when asked to', async () => {
    const started = await start([`siderolabs/installer:v1=${GOLDEN}`])
    const url = urlOf(started)
    expect(started.text).toMatch(/image {5}127\.0\.0\.1:\d+\/siderolabs\/installer:v1@sha256:[\da-f]{64}\n/)
    const answer = await ask({ url, ca: undefined }, 'GET', '/v2/siderolabs/installer/manifests/v1')
    expect(started.text).toContain(String(answer.headers['docker-content-digest']))
    expect(await started.stop()).toBe(0)
    await expect(ask({ url, ca: undefined }, 'GET', '/v2/')).rejects.toThrow(
      /other side closed|ECONNREFUSED|ECONNRESET/,
    )
  })

  it('speaks TLS, asks for credentials and keeps what it has', async () => {
    const args = ['--tls', '--auth', 'basic:me:a:b', '--storage', join(folder, 'kept')]
    const first = await start([...args, `a/b:v1=${GOLDEN}`])
    expect(await first.stop()).toBe(0)
    const second = await start(args)
    const path = /authority (\S+)/.exec(second.text)?.[1] ?? ''
    const registry = { url: urlOf(second), ca: await readFile(path, 'utf8') }
    expect((await ask(registry, 'GET', '/v2/a/b/tags/list')).status).toBe(401)
    const list = await ask(registry, 'GET', '/v2/a/b/tags/list', { headers: basic('me', 'a:b') })
    expect(JSON.parse(list.text)).toEqual({ name: 'a/b', tags: ['v1'] })
    expect(await second.stop()).toBe(0)
    await expect(access(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('serves the embedded upstream, signed by an authority that it names', { timeout: 240_000 }, async () => {
    const started = await start(['--with-upstream', '1.11'])
    const { host } = new URL(urlOf(started))
    const trustedRoot = new RegExp(
      `^next      npm run lock -- --talos v1\\.11\\.5 --upstream ${host}/siderolabs --trusted-root (\\S+)$`,
      'm',
    ).exec(started.text)?.[1]
    expect(started.text).toContain(`upstream  ${host}/siderolabs/installer-base:v1.11.5\n`)
    expect(started.text).toContain(`\n          npm run build -- --upstream ${host}/siderolabs\n`)
    expect(JSON.parse(await readFile(trustedRoot ?? '', 'utf8'))).toHaveProperty('certificateAuthorities')
    const { text } = await ask({ url: urlOf(started), ca: undefined }, 'GET', '/v2/siderolabs/imager/tags/list')
    expect(JSON.parse(text)).toEqual({
      name: 'siderolabs/imager',
      tags: ['v1.11.5', expect.stringMatching(/^sha256-[0-9a-f]{64}\.sig$/)].toSorted(),
    })
    expect(await started.stop()).toBe(0)
    await expect(access(trustedRoot ?? '')).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it.for([
    [['--with-upstream', '1.10'], /minors or tags of v1\.11\.5, .*, got 1\.10/],
    [['--with-upstream', '1.11', '--storage', 'kept'], /leave --storage out/],
    [['--port', 'x'], /number up to 65535/],
    [['--port', '65536'], /number up to 65535/],
    [['--auth', 'basic'], /basic:USER:PASSWORD/],
    [['--auth', 'token:'], /token:USER:PASSWORD/],
    [['a/b=oci:x'], /expected NAME:TAG=oci:PATH, got "a\/b=oci:x"/],
    [['A:v1=oci:x'], /expected NAME:TAG=oci:PATH/],
    [['a:v1=oci:/no/such/folder'], /\/no\/such\/folder/],
    [['a:v1=ghcr.io/a/b:v1'], /registry/],
    [['--wrong'], /--wrong/],
  ] as const)('refuses %j', async ([args, message]) => {
    const refused = await start(args)
    expect(refused.text).toMatch(/^error: .*\n$/)
    expect(refused.text).toMatch(message)
    expect(await refused.stop()).toBe(2)
  })

  it('knows releases by minor and by tag', () => {
    const releasesOf = (list: string) => parseRegistryCommand(['--with-upstream', list])?.withUpstream
    expect(releasesOf('1.11,v1.13')).toEqual(['v1.11.5', 'v1.13.9'])
    expect(releasesOf('v1.14.0')).toEqual(['v1.14.0'])
  })

  it('knows whom to serve', () => {
    expect(parseRegistryCommand([])).toEqual({ port: 0, auth: { kind: 'none' }, tls: false, images: [] })
    const users = [{ name: 'me', password: 'p' }]
    expect(parseRegistryCommand(['--auth', 'token'])?.auth).toEqual({ kind: 'token', users: [], anonymousPull: true })
    expect(parseRegistryCommand(['--auth', 'token:me:p'])?.auth).toEqual({ kind: 'token', users, anonymousPull: true })
  })
})
