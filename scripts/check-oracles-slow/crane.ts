// crane (Google's, of Debian): copies, pulls and judges what the registry gives.
import { deepEqual, equal, match, rejects } from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pushLayout, pushReference } from '#fixtures/simulator/registry/content/images.ts'
import { startRegistry, type Registry, type RegistryOptions } from '#fixtures/simulator/registry/server.ts'
import { conformanceSchema } from '../judge/verdict/conformance.ts'
import { ROOT } from '../root.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

const LAYOUT = join(ROOT, 'fixtures/golden/inputs/v1.13.9/installer-base')
const ARCHIVE = join(ROOT, 'fixtures/golden/v1.13.9-spin-tailscale/installer-arm64.tar')
const users = [{ name: 'me', password: 'secret' }]

const WAYS: readonly (readonly [string, RegistryOptions])[] = [
  ['HTTP', {}],
  ['TLS by a private authority', { tls: true }],
  ['user and password', { auth: { kind: 'basic', users } }],
  ['tokens from another port', { auth: { kind: 'token', users, realm: 'other' } }],
]

export function craneChecks(tools: Tools): readonly Check[] {
  return [
    ...WAYS.map(([name, options]) => ({ name: `crane, ${name}`, run: () => roundTrip(tools, options) })),
    { name: 'crane, what is there', run: () => lookAround(tools) },
    { name: 'crane, the verdict on what it pushed', run: () => sameVerdict(tools) },
  ]
}

type Crane = (...args: readonly string[]) => Promise<string>

/** With the authority and the credentials that this registry wants. */
async function craneFor({ folder, crane }: Tools, registry: Registry): Promise<{ crane: Crane; cwd: string }> {
  const cwd = await mkdtemp(join(folder, 'crane-'))
  const auth = Buffer.from('me:secret').toString('base64')
  await mkdir(join(cwd, 'docker'))
  await writeFile(join(cwd, 'docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  await writeFile(join(cwd, 'ca.crt'), registry.ca ?? '')
  const env = {
    DOCKER_CONFIG: join(cwd, 'docker'),
    ...(registry.ca !== undefined && { SSL_CERT_FILE: join(cwd, 'ca.crt') }),
  }
  return { cwd, crane: (...args) => run(crane, args, { cwd, env }) }
}

async function roundTrip(tools: Tools, options: RegistryOptions): Promise<undefined> {
  await using registry = await startRegistry(options)
  const { crane, cwd } = await craneFor(tools, registry)
  const [first, second] = [`${registry.host}/a/b:v1`, `${registry.host}/c/d:v1`]
  await crane('push', ARCHIVE, first)
  const digest = (await crane('digest', first)).trim()
  match(digest, /^sha256:[\da-f]{64}$/)
  await crane('validate', '--remote', first)
  await crane('copy', first, second)
  equal((await crane('digest', second)).trim(), digest)
  await crane('pull', '--format=oci', second, join(cwd, 'pulled'))
  const index = JSON.parse(await readFile(join(cwd, 'pulled', 'index.json'), 'utf8')) as {
    manifests: [{ digest: string }]
  }
  equal(index.manifests[0].digest, digest)
  // The layout that crane wrote is the same image for us.
  equal(await pushLayout(registry, join(cwd, 'pulled'), 'e/f', 'v1'), digest)
  await crane('export', second, join(cwd, 'files.tar'))
  await crane('delete', `${registry.host}/c/d@${digest}`)
  await rejects(crane('digest', second), /MANIFEST_UNKNOWN|404/)
  deepEqual(registry.crashes, [])
}

/** Judges an image that crane pushed like the archive that it was pushed from. */
async function sameVerdict(tools: Tools): Promise<undefined> {
  await using registry = await startRegistry()
  const { crane, cwd } = await craneFor(tools, registry)
  const pushed = `${registry.host}/you/talos-spin-tailscale:v1.13.9`
  await crane('push', ARCHIVE, pushed)
  const judge = async (reference: string): Promise<unknown> => {
    const report = join(cwd, 'conformance.json')
    const lock = join(ROOT, 'fixtures/golden/lock-v1.13.9.json')
    const fixed = ['--variant=spin-tailscale', '--target=installer', '--cache', join(cwd, 'cache')]
    const args = [...fixed, '--report', report, '--lock', lock, reference]
    // vitest keeps a secret below HOME, which is the current folder otherwise: the project must not contain it.
    const place = { cwd: ROOT, env: { HOME: cwd } }
    await run(process.execPath, ['--import', './scripts/preload.mjs', 'scripts/talos-image.ts', 'test', ...args], place)
    const { candidates } = conformanceSchema.parse(JSON.parse(await readFile(report, 'utf8')))
    return candidates[0]?.rules.map((rule) => `${rule.id} ${rule.status}`)
  }
  const verdict = await judge(pushed)
  match(JSON.stringify(verdict), /"KRN-005 pass"/)
  deepEqual(verdict, await judge(`docker-archive:${ARCHIVE}`))
}

async function lookAround(tools: Tools): Promise<undefined> {
  await using registry = await startRegistry({ features: { pageSize: 2 } })
  const { crane } = await craneFor(tools, registry)
  const digest = await pushReference(registry, `oci:${LAYOUT}`, 'a/b', 'v1')
  for (const tag of ['v2', 'v3', 'v4', 'v5']) await crane('tag', `${registry.host}/a/b:v1`, tag)
  deepEqual((await crane('ls', `${registry.host}/a/b`)).trim().split('\n'), ['v1', 'v2', 'v3', 'v4', 'v5'])
  const appended = await crane(
    'index',
    'append',
    '-m',
    `${registry.host}/a/b@${digest}`,
    '-t',
    `${registry.host}/a/b:index`,
  )
  match(appended, /@sha256:/)
  const manifest = JSON.parse(await crane('manifest', `${registry.host}/a/b:index`)) as {
    manifests: [{ digest: string }]
  }
  equal(manifest.manifests[0].digest, digest)
  deepEqual(registry.crashes, [])
}
