// oras (of Debian): artifacts, blobs, and referrers by the API and by the fallback tag.
import { deepEqual, equal } from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '#harness/bytes/digest.ts'
import { startRegistry, type Registry, type RegistryOptions } from '#fixtures/simulator/registry/server.ts'
import { ROOT } from '../root.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

const LAYOUT = join(ROOT, 'fixtures/golden/inputs/v1.13.9/installer-base')
const users = [{ name: 'me', password: 'secret' }]

const WAYS: readonly (readonly [string, RegistryOptions])[] = [
  ['HTTP', {}],
  ['TLS by a private authority, tokens', { tls: true, auth: { kind: 'token', users } }],
  ['user and password, no referrers API', { auth: { kind: 'basic', users }, features: { referrers: false } }],
  ['referrers page by page', { features: { pageSize: 1 } }],
]

export function orasChecks(tools: Tools): readonly Check[] {
  return WAYS.map(([name, options]) => ({ name: `oras, ${name}`, run: () => roundTrip(tools, options) }))
}

type Oras = (command: string, ...args: readonly string[]) => Promise<string>

async function orasFor({ folder, oras }: Tools, registry: Registry): Promise<{ oras: Oras; cwd: string }> {
  const cwd = await mkdtemp(join(folder, 'oras-'))
  await writeFile(join(cwd, 'ca.crt'), registry.ca ?? '')
  await writeFile(join(cwd, 'config.json'), '{}')
  const transport = registry.ca === undefined ? ['--plain-http'] : ['--ca-file', join(cwd, 'ca.crt')]
  const login = ['--registry-config', join(cwd, 'config.json')]
  await run(oras, ['login', ...transport, ...login, '-u', 'me', '-p', 'secret', registry.host], { cwd })
  return {
    cwd,
    oras: (command, ...args) => run(oras, [...command.split(' '), ...transport, ...login, ...args], { cwd }),
  }
}

type Tree = { readonly referrers: readonly { readonly artifactType: string }[] }

async function roundTrip(tools: Tools, options: RegistryOptions): Promise<undefined> {
  await using registry = await startRegistry(options)
  const { oras, cwd } = await orasFor(tools, registry)
  const at = `${registry.host}/a/b`
  await writeFile(join(cwd, 'report.json'), '{"a":1}')
  await oras('push', `${at}:v1`, '--artifact-type', 'application/x.report', 'report.json:application/json')
  await mkdir(join(cwd, 'pulled'))
  await oras('pull', `${at}:v1`, '-o', 'pulled')
  equal(await readFile(join(cwd, 'pulled', 'report.json'), 'utf8'), '{"a":1}')

  for (const type of ['application/x.one', 'application/x.two'])
    await oras('attach', `${at}:v1`, '--artifact-type', type, 'report.json:application/json')
  const { referrers } = JSON.parse(await oras('discover', '--format', 'json', `${at}:v1`)) as Tree
  deepEqual(referrers.map(({ artifactType }) => artifactType).toSorted(), ['application/x.one', 'application/x.two'])

  const blob = digestOf(Buffer.from('{"a":1}'))
  equal(await oras('blob fetch', '--output', '-', `${at}@${blob}`), '{"a":1}')
  await oras('tag', `${at}:v1`, 'v2')
  const tags = (await oras('repo tags', at)).trim().split('\n')
  deepEqual(
    tags.filter((tag) => !tag.startsWith('sha256-')),
    ['v1', 'v2'],
  )
  await oras('manifest delete', '--force', `${at}:v2`)

  const copied = `${registry.host}/installer:v1`
  await run(
    tools.oras,
    ['cp', '--from-oci-layout', ...copyOptions(registry, cwd), `${LAYOUT}@${await layoutDigest()}`, copied],
    { cwd },
  )
  equal(JSON.parse(await oras('manifest fetch', '--descriptor', copied)).digest, await layoutDigest())
  deepEqual(registry.crashes, [])
}

function copyOptions({ ca }: Registry, cwd: string): readonly string[] {
  const transport = ca === undefined ? ['--to-plain-http'] : ['--to-ca-file', join(cwd, 'ca.crt')]
  return [...transport, '--to-registry-config', join(cwd, 'config.json')]
}

async function layoutDigest(): Promise<string> {
  const index = JSON.parse(await readFile(join(LAYOUT, 'index.json'), 'utf8')) as { manifests: [{ digest: string }] }
  return index.manifests[0].digest
}
