// cosign on the whole table of signatures: 2 on those in tags, 3 on those in bundles. Where it says the opposite of us, the
// reason is here, or the check is red.
import { deepEqual } from 'node:assert/strict'
import { createPublicKey, type KeyObject } from 'node:crypto'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { toPem } from '#build/signing/legacy.ts'
import { attachManifests } from '#fixtures/simulator/authority/attach.ts'
import type { Authority } from '#fixtures/simulator/authority/authority.ts'
import { startRegistry, type Registry } from '#fixtures/simulator/registry/server.ts'
import { IMAGE, IMAGE_DIGEST } from '#fixtures/simulator/registry/testing.ts'
import { openFixture } from '#fixtures/signing/fixture.ts'
import { WORKFLOW, type Fixture, type Row } from '#fixtures/signing/row.ts'
import { TABLE } from '#fixtures/signing/rows.ts'
import { OCI_MANIFEST } from '#harness/oci/image/media-types.ts'
import type { TrustedSigner } from '#harness/signing/signer.ts'
import type { Tools } from './fetch.ts'
import { run, type Check } from './tool.ts'

/** In `tag` or in `bundles`, and the row. */
const DIFFERENCES: Readonly<Record<string, string>> = {
  'bundles: a bundle of version 0.1': 'it looks at none before 0.3',
  'bundles: a bundle of version 0.2': 'it looks at none before 0.3',
  'bundles: a chain with the root': 'it looks at none before 0.3',
  'bundles: a chain with another authority': 'it looks at none before 0.3',
  'bundles: signatures of a key and of a workflow, both trusted': 'it is asked for the key alone',
  'bundles: another root beside that of the checkpoint, which is the one that counts': 'it compares the two',
  'bundles: an attestation, which is no signature': 'it takes any statement for a signature',
  'bundles: provenance in the place of a signature': 'it takes any statement for a signature',
  'bundles: a predicate that begins like that of a signature': 'it takes any statement for a signature',
  'bundles: an attestation that is listed as a signature': 'it takes any statement for a signature',
  'bundles: a statement of another version': 'it takes any statement for a signature',
  'tag: a payload of another type': 'it does not look at the type',
  'tag: a capitalised name for the digest': 'its JSON does not know capitals',
  'tag: a payload of more than a MiB': 'it has no limit',
  'tag: more than a hundred signatures in one tag': 'its limit is 1000',
  'tag: an address as a URI': 'it does not distinguish them',
  'bundles: an address as a URI': 'it does not distinguish them',
  'tag: a URI as an address': 'it does not distinguish them',
  'bundles: a URI as an address': 'it does not distinguish them',
  'tag: two subjects, the first one trusted': 'it takes any of several',
  'bundles: two subjects, the first one trusted': 'it takes the first of several',
  'tag: two subjects, the second one trusted': 'it takes any of several',
  'bundles: an entry of an unknown kind': 'it goes by the entry itself',
  'bundles: a key’s signature with the entry of another one': 'it is asked to ignore the log',
  'tag: a timestamp over something else, both forms': 'it is not asked to look at timestamps',
  'tag: a timestamp of an unknown clock, both forms': 'it is not asked to look at timestamps',
  'bundles: a timestamp of an unknown clock, both forms': 'it is not asked to look at timestamps',
  'tag: a timestamp from when the certificate was over, both forms': 'it is not asked to look at timestamps',
  'bundles: a timestamp that is none': 'it is not asked to look at timestamps',
}

export function cosignTableChecks(tools: Tools): readonly Check[] {
  return [{ name: 'cosign, the table of signatures', run: () => compareAll(tools) }]
}

type Form = 'tag' | 'bundles'
type Asking = { readonly tools: Tools; readonly fixture: Fixture; readonly registry: Registry; readonly cwd: string }

async function compareAll(tools: Tools): Promise<string> {
  await using registry = await startRegistry()
  await using opened = await openFixture()
  const fixture = { ...opened, image: { mediaType: OCI_MANIFEST, size: IMAGE.manifest.length, digest: IMAGE_DIGEST } }
  const cwd = await mkdtemp(join(tools.folder, 'cosign-table-'))
  await writeFile(join(cwd, 'key.pub'), publicPem(fixture.key))
  const asking = { tools, fixture, registry, cwd }
  const found: string[] = []
  let compared = 0
  // Lists of referrers and other images cannot be asked of cosign in one command.
  const rows = TABLE.flatMap(([, some]) => some).filter(({ fallback, digest }) => !fallback && !digest)
  for (const row of rows) {
    const signer = (row.signers?.(fixture) ?? [WORKFLOW]).at(-1)
    if (signer === undefined) continue
    const expected = 'all' in row.expected ? [] : row.expected
    for (const form of ['tag', 'bundles'] as const) {
      const accepts = await ask(asking, row, { form, signer, name: `row/${compared}` })
      if (accepts === undefined) continue
      compared += 1
      if (accepts !== expected.includes('signature')) found.push(`${form}: ${row.name}`)
    }
  }
  deepEqual(found.toSorted(), Object.keys(DIFFERENCES).toSorted())
  deepEqual(registry.crashes, [])
  return `${compared} compared, ${found.length} differ for a reason`
}

/** Undefined where the row has nothing in this form. */
async function ask(
  { tools, fixture, registry, cwd }: Asking,
  row: Row,
  { form, signer, name }: { readonly form: Form; readonly signer: TrustedSigner; readonly name: string },
): Promise<boolean | undefined> {
  const manifests = (await row.attach(fixture)).filter(({ tag }) => (tag === undefined) === (form === 'bundles'))
  if (manifests.length === 0) return undefined
  for (const bytes of [IMAGE.config, ...IMAGE.layers]) await registry.content.putBlob(name, bytes)
  await registry.content.putManifest(name, IMAGE.manifest, OCI_MANIFEST)
  await attachManifests(registry.content, name, manifests)
  const authority = row.trust?.(fixture) ?? fixture.authority
  await writeParts(authority, cwd)
  const keyed = 'publicKey' in signer
  const clock = authority.parts.timestamps === undefined ? [] : ['--use-signed-timestamps']
  const root = form === 'tag' ? ['--ca-roots', 'ca.pem', '--offline'] : ['--trusted-root', 'root.json', ...clock]
  const args = ['verify', ...identify(signer), ...(keyed ? [] : root), `${registry.host}/${name}@${IMAGE_DIGEST}`]
  const env = { SIGSTORE_REKOR_PUBLIC_KEY: 'rekor.pub', SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: 'ctlog.pub' }
  const program = form === 'tag' ? tools.cosign2 : tools.cosign3
  return run(program, args, { cwd, env: form === 'tag' ? env : {} }).then(
    () => true,
    () => false,
  )
}

function identify(signer: TrustedSigner): readonly string[] {
  if ('publicKey' in signer) return ['--key', 'key.pub', '--insecure-ignore-tlog']
  const subject =
    'subject' in signer
      ? ['--certificate-identity', signer.subject]
      : ['--certificate-identity-regexp', `^(?:${signer.subjectPattern})$`]
  return [...subject, '--certificate-oidc-issuer', signer.issuer]
}

/** Writes the files of an authority that cosign needs: 3 all at once, 2 in parts. */
export async function writeParts({ parts, trustedRoot }: Authority, cwd: string): Promise<void> {
  await writeFile(join(cwd, 'root.json'), trustedRoot)
  await writeFile(join(cwd, 'ca.pem'), toPem(parts.certificates.certificate.toString('base64')))
  await writeFile(join(cwd, 'ctlog.pub'), publicPem(parts.certificateLog))
  await writeFile(join(cwd, 'rekor.pub'), publicPem(parts.signatureLog.key))
}

export function publicPem(key: KeyObject | string): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
}
