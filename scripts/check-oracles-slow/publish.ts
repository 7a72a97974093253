// Images and signatures that `npm run publish` pushes over HTTP, read back by cosign, crane and oras.
import { deepEqual, equal, ok } from 'node:assert/strict'
import { mkdtemp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeAttachments } from '#build/publish/attachments.ts'
import { publish, type Publication } from '#build/publish/publish.ts'
import { PARTS } from '#build/publish/variant-layout.ts'
import { keySigner } from '#build/signing/key-signer.ts'
import { newKey } from '#fixtures/simulator/authority/authority.ts'
import { CONTRACT, LOCK, openRelease, writeRelease } from '#fixtures/publish/sample-release.ts'
import { startRegistry, type Registry, type RegistryOptions } from '#fixtures/simulator/registry/server.ts'
import { openPushClient } from '#harness/oci/push/client.ts'
import { publicPem } from './cosign-table.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

const KEYED = ['--key', 'key.pub', '--insecure-ignore-tlog']
const users = [{ name: 'me', password: 'secret' }]

const WAYS: readonly (readonly [string, RegistryOptions])[] = [
  ['', {}],
  [', without referrers API', { features: { referrers: false } }],
  [', with tokens and whole Locations', { auth: { kind: 'token', users }, features: { locations: 'absolute' } }],
]

export function publishChecks(tools: Tools): readonly Check[] {
  return WAYS.map(([name, options]) => ({ name: `publish${name}`, run: () => readBack(tools, options) }))
}

async function readBack(tools: Tools, options: RegistryOptions): Promise<undefined> {
  await using registry = await startRegistry(options)
  const cwd = await mkdtemp(join(tools.folder, 'publish-'))
  const key = newKey()
  await writeFile(join(cwd, 'key.pub'), publicPem(key))
  await mkdir(join(cwd, 'docker'))
  const auth = Buffer.from('me:secret').toString('base64')
  await writeFile(join(cwd, 'docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  await writeRelease(join(cwd, 'out'))
  const release = await openRelease(join(cwd, 'out'), 'you')
  // Closed where something is red, too: a handle that the collector closes ends the whole run.
  await using layouts = new AsyncDisposableStack()
  for (const { layout } of release) layouts.defer(() => layout.close())
  await push(registry, release, key.export({ type: 'pkcs8', format: 'pem' }).toString())
  const env = { DOCKER_CONFIG: join(cwd, 'docker'), COSIGN_PASSWORD: '' }
  const tool = (program: string, ...args: readonly string[]): Promise<string> => run(program, args, { cwd, env })
  for (const { layout, repository, tags } of release)
    for (const part of PARTS) {
      const { digest } = layout[part].descriptor
      const reference = `${registry.host}/${repository}:${tags[part].version}`
      equal((await tool(tools.crane, 'digest', reference)).trim(), digest)
      equal(
        (await tool(tools.crane, 'digest', `${registry.host}/${repository}:${tags[part].immutableTag}`)).trim(),
        digest,
      )
      const login = ['--plain-http', '--registry-config', join('docker', 'config.json')]
      const found = JSON.parse(await tool(tools.oras, 'discover', ...login, '--format', 'json', reference)) as {
        readonly referrers: readonly unknown[]
      }
      // Signature, provenance, summary, bill of materials, report.
      equal(found.referrers.length, 5)
      const image = `${registry.host}/${repository}@${digest}`
      for (const cosign of [tools.cosign2, tools.cosign3])
        ok((await tool(cosign, 'verify', ...KEYED, image)).includes(digest))
      for (const type of ['slsaprovenance1', 'https://slsa.dev/verification_summary/v1', 'spdxjson'])
        await tool(tools.cosign3, 'verify-attestation', ...KEYED, '--type', type, image)
    }
  deepEqual(registry.crashes, [])
}

async function push({ host }: Registry, release: readonly Publication[], pem: string): Promise<void> {
  const client = openPushClient(host, {
    credentials: async () => ({ username: 'me', password: 'secret', from: 'test' }),
  })
  const signer = keySigner(pem)
  await using connection = new AsyncDisposableStack()
  connection.defer(() => client.close())
  await publish(client, release, {
    signed: true,
    attach: ({ layout, repository }, image) =>
      makeAttachments(
        image,
        { variant: layout.variant, repository: `${host}/${repository}` },
        {
          contract: CONTRACT,
          lock: LOCK,
          signer,
          source: { uri: 'git+https://example.com/you', commit: '1'.repeat(40) },
          gate: { verdict: 'conforms', forced: false },
          sbom: async () => Buffer.from('{"spdxVersion":"SPDX-2.3"}'),
          conformance: Buffer.from('{}'),
          judged: { at: '2026-11-27T03:00:00.000Z', by: '0.2.0' },
        },
      ),
  })
}
