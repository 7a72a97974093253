// Publishes the embedded candidates as `npm run publish` does, but for the gate, which has yet to see them.
import type { RegistryReference } from '#harness/oci/image/reference.ts'
import { layoutBills } from '#build/publish/bills.ts'
import { makeAttachments } from '#build/publish/attachments.ts'
import { publish, toPublication } from '#build/publish/publish.ts'
import { openVariantLayout } from '#build/publish/variant-layout.ts'
import type { Signer } from '#build/signing/signer.ts'
import type { Registry } from '#fixtures/simulator/registry/server.ts'
import { openPushClient } from '#harness/oci/push/client.ts'
import type { Contract } from '#specs/contract/contract.ts'
import type { Lock } from '#specs/contract/lock.ts'
import packageJson from '../../package.json' with { type: 'json' }

type Layout = { readonly variant: string; readonly folder: string }

type Release = {
  readonly registry: Pick<Registry, 'host'>
  readonly signer: Signer
  readonly contract: Contract
  readonly lock: Lock
  /** The folder for decompressed bytes. */
  readonly spoolFolder: string
}

/** Gives the reference of each. */
export async function publishEmbedded(
  layouts: readonly Layout[],
  { registry: { host }, signer, contract, lock: given, spoolFolder }: Release,
): Promise<readonly RegistryReference[]> {
  const { talos } = given
  if (talos === undefined) throw new Error('expected a lock of a release')
  const lock = { ...given, talos }
  const opened = await Promise.all(
    layouts.map(({ variant, folder }) => openVariantLayout(folder, { variant, contract, lock })),
  )
  const publications = opened.map((layout) =>
    toPublication(layout, `cozystack/talos-${layout.variant}`, { lock, contract }),
  )
  const sbom = layoutBills({
    lock,
    spoolFolder,
    warn: (message) => {
      throw new Error(message)
    },
  })
  const client = openPushClient(host, { credentials: () => Promise.resolve(undefined) })
  try {
    await publish(client, publications, {
      signed: true,
      attach: ({ layout, repository }, image) =>
        makeAttachments(
          image,
          { variant: layout.variant, repository: `${host}/${repository}` },
          {
            contract,
            lock,
            signer,
            // Nothing of it was ever committed anywhere.
            source: { uri: `git+${contract.labels.source}`, commit: '0'.repeat(40) },
            gate: { verdict: 'not judged', forced: false },
            sbom,
            // The verdict that follows makes it true, and nothing of this release leaves the machine.
            judged: { at: new Date().toISOString(), by: packageJson.version },
            conformance: undefined,
          },
        ),
    })
    return publications.map(({ repository, tags }) => ({
      kind: 'registry',
      registry: host,
      repository,
      tag: tags.installer.version,
    }))
  } finally {
    await client.close()
    await Promise.all(opened.map((layout) => layout.close()))
  }
}
