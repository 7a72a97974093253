// cosign 2 and 3 (of Debian), both ways and without network: what they sign holds here, and what is signed here they take.
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { attestationManifest, signatureManifests } from '#build/signing/artifacts.ts'
import { keySigner } from '#build/signing/key-signer.ts'
import type { Signer } from '#build/signing/signer.ts'
import { PROVENANCE_PREDICATE, signatureStatement } from '#build/signing/statements.ts'
import { newKey, openAuthority } from '#fixtures/simulator/authority/authority.ts'
import { attachManifests } from '#fixtures/simulator/authority/attach.ts'
import { startRegistry } from '#fixtures/simulator/registry/server.ts'
import { IMAGE, IMAGE_DIGEST, putSamples } from '#fixtures/simulator/registry/testing.ts'
import { openCache } from '#harness/oci/cache/cache.ts'
import { OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import { parseReference, type RegistryReference } from '#harness/oci/image/reference.ts'
import { openRegistryAccess } from '#harness/oci/registry/access.ts'
import { readAttachments } from '#harness/signing/attachments.ts'
import { parseTrustedRoot } from '#harness/signing/trust.ts'
import { isSignature } from '#harness/signing/outcome.ts'
import { verifyAttachments } from '#harness/signing/verify.ts'
import { publicPem, writeParts } from './cosign-table.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

const SUBJECT = { mediaType: OCI_MANIFEST, digest: IMAGE_DIGEST, size: IMAGE.manifest.length }
const WORKFLOW = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'https://github.com/a/b@refs/heads/x',
}
const PERSON = { issuer: 'https://accounts.google.com', subject: 'someone@siderolabs.com' }
const KEYED = ['--key', 'key.pub', '--insecure-ignore-tlog']

export function cosignChecks(tools: Tools): readonly Check[] {
  const check = (name: string, action: (fixture: Fixture) => Promise<void>, referrers = true): Check => ({
    name: `cosign, ${name}`,
    run: () => withFixture(tools, referrers, action),
  })
  return [
    check('takes what our key signed', takesKeyed),
    check('takes what our key signed, without referrers API', takesKeyed, false),
    check('takes what a workflow signed', (fixture) => takesKeyless(fixture, WORKFLOW)),
    check('takes what a person signed', (fixture) => takesKeyless(fixture, PERSON)),
    check('refuses what others signed', refuses),
    check('2 signs with a key, and it holds here', (fixture) =>
      signs(fixture, fixture.cosign2, ['--tlog-upload=false']),
    ),
    check('3 signs with a key, and it holds here', (fixture) =>
      signs(fixture, fixture.cosign3, ['--signing-config', 'none.json']),
    ),
    check(
      '3 signs with a key, and it holds here, without referrers API',
      (fixture) => signs(fixture, fixture.cosign3, ['--signing-config', 'none.json']),
      false,
    ),
  ]
}

type Cosign = (args: readonly string[], env?: Readonly<Record<string, string>>) => Promise<string>

type Fixture = {
  readonly cwd: string
  readonly image: string
  readonly pem: string
  readonly signer: Signer
  /** The `.sig` tag, or signature and provenance as bundles: none of the two may hide that the other is refused. */
  readonly attach: (form: 'tag' | 'bundles', signer: Signer) => Promise<void>
  readonly cosign2: Cosign
  readonly cosign3: Cosign
}

async function withFixture(
  tools: Tools,
  referrers: boolean,
  action: (fixture: Fixture) => Promise<void>,
): Promise<undefined> {
  await using registry = await startRegistry({ features: { referrers } })
  await putSamples(registry.content)
  const cwd = await mkdtemp(join(tools.folder, 'cosign-'))
  const key = newKey()
  const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  await writeFile(join(cwd, 'key.pem'), pem)
  await writeFile(join(cwd, 'key.pub'), publicPem(key))
  await writeFile(join(cwd, 'none.json'), '{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}')
  const env = { COSIGN_PASSWORD: '' }
  const attach: Fixture['attach'] = async (form, signer) => {
    const statement = { ...signatureStatement(IMAGE_DIGEST), predicateType: PROVENANCE_PREDICATE }
    const signatures = await signatureManifests(SUBJECT, `${registry.host}/a/b`, signer)
    const manifests = [...signatures, await attestationManifest(SUBJECT, statement, signer)]
    const chosen = manifests.filter(({ tag }) => (tag === undefined) === (form === 'bundles'))
    await attachManifests(registry.content, 'a/b', chosen, { fallback: !referrers })
  }
  await action({
    cwd,
    image: `${registry.host}/a/b@${IMAGE_DIGEST}`,
    pem,
    signer: keySigner(pem),
    attach,
    cosign2: (args, more) => run(tools.cosign2, args, { cwd, env: { ...env, ...more } }),
    cosign3: (args, more) => run(tools.cosign3, args, { cwd, env: { ...env, ...more } }),
  })
  deepEqual(registry.crashes, [])
}

async function takesKeyed({ attach, signer, cosign2, cosign3, image }: Fixture): Promise<void> {
  await attach('bundles', signer)
  equal(digestIn(await cosign3(['verify', ...KEYED, image])), IMAGE_DIGEST)
  await cosign3(['verify-attestation', ...KEYED, '--type', 'slsaprovenance1', image])
  await attach('tag', signer)
  equal(digestIn(await cosign2(['verify', ...KEYED, image])), IMAGE_DIGEST)
}

async function takesKeyless(fixture: Fixture, identity: typeof WORKFLOW): Promise<void> {
  const authority = await openAuthority()
  const signer = authority.signer(identity)
  await writeParts(authority, fixture.cwd)
  const options = ['--certificate-identity', identity.subject, '--certificate-oidc-issuer', identity.issuer]
  const root = [...options, '--trusted-root', 'root.json']
  await fixture.attach('bundles', signer)
  equal(digestIn(await fixture.cosign3(['verify', ...root, fixture.image])), IMAGE_DIGEST)
  await fixture.cosign3(['verify-attestation', ...root, '--type', 'slsaprovenance1', fixture.image])
  await fixture.attach('tag', signer)
  // For the old form cosign 2 takes no trusted root, only its parts.
  const parts = { SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub', SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctlog.pub' }
  const old = ['verify', ...options, '--ca-roots', 'ca.pem', '--offline', fixture.image]
  equal(digestIn(await fixture.cosign2(old, parts)), IMAGE_DIGEST)
}

/** That they look at all. */
async function refuses({ attach, cosign2, cosign3, image }: Fixture): Promise<void> {
  const other = keySigner(newKey().export({ type: 'pkcs8', format: 'pem' }).toString())
  await attach('tag', other)
  await attach('bundles', other)
  await rejects(cosign2(['verify', ...KEYED, image]), /no matching signatures|invalid signature/)
  await rejects(cosign3(['verify', ...KEYED, image]), /no matching signatures|invalid signature|failed to verify/)
}

async function signs(fixture: Fixture, cosign: Cosign, options: readonly string[]): Promise<void> {
  const { cwd, image } = fixture
  // cosign 2 cannot import a key on this curve, but it reads what 3 wrote.
  await fixture.cosign3(['import-key-pair', '--key', 'key.pem', '--output-key-prefix', 'own'])
  await cosign(['sign', '--yes', '--key', 'own.key', ...options, image])
  const reference = parseReference(image) as RegistryReference
  const access = openRegistryAccess({
    cache: await openCache(join(cwd, 'cache')),
    network: { credentials: async () => undefined },
  })
  try {
    const outcomes = await verifyAttachments(await readAttachments(access, reference, IMAGE_DIGEST), {
      digest: IMAGE_DIGEST,
      trust: parseTrustedRoot(Buffer.from((await openAuthority()).trustedRoot), 'root.json'),
      signers: [{ publicKey: publicPem(fixture.pem) }],
    })
    deepEqual(
      outcomes.map((one) => (one.outcome === 'valid' ? isSignature(one) : one.error)),
      [true],
    )
  } finally {
    await access.close()
  }
}

type Verified = readonly [
  { readonly critical: { readonly image: Readonly<Record<'docker-manifest-digest', string>> } },
  ...unknown[],
]

function digestIn(text: string): string {
  const [first] = JSON.parse(text.slice(text.indexOf('['))) as Verified
  return first.critical.image['docker-manifest-digest']
}
