// SecureBoot's keys that systemd-boot enrolls from a medium: siderolabs/talos internal/pkg/secureboot/database, pkg/imager/out.go
// (v1.11 … main of August 2026); systemd src/boot/secure-boot.c. Firmware that enrolls them is in setup mode and asks nobody
// who signed the lists, so that this is not judged.
import { X509Certificate } from 'node:crypto'
import { readPe } from '#harness/formats/uki/pe.ts'
import type { FileTree } from '#harness/fs/file-tree.ts'
import { BOOT_LOADER, fileIgnoringCase } from '#harness/talos/media/medium.ts'
import { readSignatureLists } from '#harness/talos/media/signature-lists.ts'
import { must } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { signatureFindings } from '../uki/signed.ts'
import { isEnrolledKey } from './efi.ts'

const FOLDER = 'loader/keys/auto'
/** systemd-boot enrolls nothing where one of them is absent; dbx may be. */
const DEMANDED = ['db', 'kek', 'pk']

test(
  ...must(
    'MED-014',
    'keys to enroll are PK, KEK and db together, which an ISO for SecureBoot always has: lists of certificates, one in PK, and in db the one that the boot loader is signed with, or that issued it (who signed the lists is not judged)',
    {
      targets: ['media'],
      forms: ['iso', 'raw'],
      needs: ['MED-005', 'MED-006'],
      fix: 'let imager make them of the signing certificate, or give it all three (input.secureboot.platformKeyPath, keyExchangeKeyPath, signatureKeyPath) made for that certificate: firmware with other keys starts nothing of the medium',
    },
  ),
  async ({ medium, form, contract, judge }) => {
    const { tree } = await medium.efi()
    const found = [...tree.entries()].map(({ path }) => path.toLowerCase()).filter((path) => isEnrolledKey(path))
    const names = found.map((path) => path.slice(FOLDER.length + 1, -'.auth'.length)).toSorted()
    const isDemanded = contract.secureBoot && (form === 'iso' || names.length > 0)
    judge(
      names.filter((name) => name !== 'dbx'),
      tree.where,
    ).toEqual(isDemanded ? DEMANDED : [])
    if (!isDemanded) return
    const [db, kek, pk] = await Promise.all(DEMANDED.map((name) => certificatesOf(tree, name)))
    judge(pk?.length, tree.where).toBe(1)
    judge(kek?.length, tree.where).toBeGreaterThan(0)
    const loader = fileIgnoringCase(tree, BOOT_LOADER)
    const { certificate } = await signatureFindings(loader, await readPe(loader), contract)
    const signer = certificate && new X509Certificate(certificate)
    const admits = db?.some((one) => one.raw.equals(signer?.raw ?? Buffer.alloc(0)) || signer?.checkIssued(one))
    judge(admits === true ? 'admitted' : `${signer?.subject ?? 'an unknown signer'} is not in db`, loader.where).toBe(
      'admitted',
    )
  },
)

/** Errors of readSignatureLists; what is no certificate in DER is left out, as firmware does. */
async function certificatesOf(tree: FileTree, name: string): Promise<readonly X509Certificate[]> {
  const entries = await readSignatureLists(fileIgnoringCase(tree, `${FOLDER}/${name}.auth`))
  return entries.flatMap(({ certificate }) => {
    try {
      // 0x30 begins DER: node would take PEM too.
      return certificate?.[0] === 0x30 ? [new X509Certificate(certificate)] : []
    } catch {
      return []
    }
  })
}
