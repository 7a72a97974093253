// The verdict on references to a registry, against the embedded registry; passwords and Ctrl-C by processes of their own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { conformanceSchema, type Conformance } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import { judgeHere } from '../testing/run-command.ts'
import type { Outcome } from '../testing/run-script.ts'

/** An idle machine takes two seconds for one image. */
const PATIENCE_MS = 240_000
const GOLDEN = 'docker-archive:fixtures/golden/v1.11.5-spin-only/installer-arm64.tar'
const AS_INSTALLER = ['--variant=spin-only', '--target=installer', '--lock=fixtures/golden/lock-v1.11.5.json']

const folder = await mkdtemp(join(tmpdir(), 'conform-registry-'))
const cache = join(folder, 'cache')
const report = join(folder, 'conformance.json')
let registry: Registry | undefined
beforeAll(async () => {
  registry = await startRegistry({ auth: { kind: 'token', users: [], anonymousPull: true } })
  await pushReference(registry, GOLDEN, 'you/spin-only', 'v1')
})
afterAll(async () => {
  await registry?.close()
  await rm(folder, { recursive: true })
})

const started = (): Registry => {
  if (registry === undefined) throw new Error('no registry')
  return registry
}
const reference = (rest: string): string => `${started().host}/you/${rest}`
const conform = (...args: readonly string[]): Promise<Outcome> =>
  judgeHere(['--cache', cache, '--report', report, ...AS_INSTALLER, ...args])
const readReport = async (): Promise<Conformance> => conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
const verdictOf = async (): Promise<unknown> => {
  const { counts, exitCode, candidates } = await readReport()
  return { counts, exitCode, rules: candidates.map(({ rules }) => rules.map(({ id, status }) => `${id} ${status}`)) }
}
const requests = (): readonly string[] => started().requests.map(({ method, path }) => `${method} ${path}`)

describe('npm test on a registry', { timeout: PATIENCE_MS }, () => {
  it('gives the verdict of the archive, cold, warm and without the network', async () => {
    expect(await conform(GOLDEN)).toMatchObject({ status: 0 })
    const expected = await verdictOf()

    const page = `html=${join(folder, 'page.html')}`
    const cold = await conform('--output', page, reference('spin-only:v1'))
    expect(cold).toMatchObject({ status: 0, stderr: '' })
    expect(await verdictOf()).toEqual(expected)
    const { candidates } = await readReport()
    expect(candidates[0]).toMatchObject({
      reference: reference('spin-only:v1'),
      digest: expect.stringMatching(/^sha256:/),
      extensions: expect.arrayContaining([{ name: 'spin', version: 'v0.21.0' }]),
      contents: { extensions: expect.arrayContaining([expect.objectContaining({ name: 'spin' })]) },
    })
    expect(requests().filter((one) => one.endsWith('/manifests/v1')).length).toBeLessThanOrEqual(2)
    expect(requests().filter((one) => one.startsWith('GET') && one.includes('/blobs/'))).toHaveLength(3)

    const seen = requests().length
    expect(await conform(reference('spin-only:v1'))).toMatchObject({ status: 0, stderr: '' })
    expect(await verdictOf()).toEqual(expected)
    expect(
      requests()
        .slice(seen)
        .filter((one) => one.startsWith('GET') && one.includes('/blobs/')),
    ).toEqual([])

    const before = requests().length
    const offline = await conform('--offline', reference('spin-only:v1'))
    expect(offline).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^offline: \S+:v1 is taken for sha256:\S+, which it was at \S+\n$/),
    })
    expect(await verdictOf()).toEqual(expected)
    expect(requests().slice(before)).toEqual([])
    expect(await readdir(join(cache, 'tmp'))).toEqual([])
  })

  it('is red for a layer that is not what its descriptor says', async () => {
    const layer = /sha256:d736391d4ae872f4680a7206b2b1652540695acdbb2a8f8afdc23c5970da5c63/
    await using broken = await startRegistry({ faults: [{ when: { path: layer }, do: { kind: 'corrupt', at: 100 } }] })
    await pushReference(broken, GOLDEN, 'you/spin-only', 'v1')
    const other = await mkdtemp(join(folder, 'cold-'))
    const { status, stdout } = await conform('--cache', other, '--only=OCI', `${broken.host}/you/spin-only:v1`)
    expect({ status, stdout }).toEqual({ status: 1, stdout: expect.stringContaining('FAIL OCI-002') })
    expect(broken.requests.filter(({ path }) => layer.test(path))).toHaveLength(2)
  })

  it.each<[string, () => readonly string[], RegExp]>([
    ['a tag that is not there', () => [reference('spin-only:v2')], /the tag v2, got no such tag/],
    ['a repository that is not there', () => [reference('nothing:v1')], /the tag v1, got no such tag/],
    ['a port without a listener', () => ['127.0.0.1:1/you/x:v1'], /ECONNREFUSED/],
    ['an unknown name', () => ['registry.invalid/you/x:v1'], /no such host: registry\.invalid/],
    ['a name that was never resolved, offline', () => ['--offline', reference('spin-only:v7')], /resolved here before/],
    ['a user without a password', () => ['--username=u', reference('spin-only:v1')], /--password-stdin go together/],
    ['a CA that is none', () => ['--ca-file=package.json', reference('spin-only:v1')], /has no certificate in PEM/],
    [
      'a cache that is a file',
      () => ['--cache=package.json', reference('spin-only:v1')],
      /the cache package\.json cannot/,
    ],
  ])('refuses %s with one sentence and status 2', async (_, args, message) => {
    const { status, stdout, stderr } = await conform(...args())
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: [^\n]+\n$/)
  })

  it('says that a denied image may be private, and does not repeat the password', async () => {
    await using closed = await startRegistry({ auth: { kind: 'basic', users: [{ name: 'u', password: 'right' }] } })
    await pushReference(closed, GOLDEN, 'you/spin-only', 'v1')
    const text = `${closed.host}/you/spin-only:v1`
    const { status, stderr } = await conform(text)
    expect({ status, stderr }).toEqual({
      status: 2,
      stderr: expect.stringMatching(/private or does not exist.*docker login/),
    })
    const login = (password: string) => runWithPassword(password, [text])
    expect(await login('wrong')).toMatchObject({ status: 2, stderr: expect.not.stringContaining('wrong') })
    expect(await login('right')).toMatchObject({ status: 0 })
  })

  it('leaves a valid cache on Ctrl-C, says so, and ends with 130 before the registry does', async () => {
    const stuck = /blobs\/sha256:d736391d/
    await using slow = await startRegistry({ faults: [{ when: { path: stuck }, do: { kind: 'stall', at: 1000 } }] })
    await pushReference(slow, GOLDEN, 'you/spin-only', 'v1')
    const own = join(folder, 'interrupted')
    const child = start(['--cache', own, '--report', report, ...AS_INSTALLER, `${slow.host}/you/spin-only:v1`])
    await expect.poll(() => slow.requests.some(({ path }) => stuck.test(path)), { timeout: PATIENCE_MS / 2 }).toBe(true)
    child.kill('SIGINT')
    const [[status], stderr] = await Promise.all([once(child, 'close'), textOf(child.stderr)])
    expect(status).toBe(130)
    // The registry stays silent for longer than any test waits.
    expect(stderr).toMatch(/(?:^|\n)error: interrupted: no verdict was reached\n$/)
    expect(await readdir(join(own, 'tmp'))).toEqual([])
    expect(await readdir(join(own, 'blobs/sha256'))).not.toContainEqual(expect.stringMatching(/^d736391d/))
  })
})

const start = (args: readonly string[]) =>
  spawn(process.execPath, ['--import', './scripts/preload.mjs', 'scripts/talos-image.ts', 'test', ...args], {
    cwd: ROOT,
    stdio: ['pipe', 'ignore', 'pipe'],
  })

async function runWithPassword(
  password: string,
  args: readonly string[],
): Promise<{ status: unknown; stderr: string }> {
  const login = ['--username=u', '--password-stdin', '--cache', join(folder, 'login'), '--report', report]
  const child = start([...login, ...AS_INSTALLER, ...args])
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin.end(`${password}\n`)
  const [status] = await once(child, 'close')
  return { status: status as unknown, stderr }
}
