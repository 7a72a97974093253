// Signatures that make a UKI start under SecureBoot, and measurements that a TPM releases a node's secrets for
// (siderolabs/talos internal/pkg/uki, internal/pkg/measure, internal/pkg/secureboot @ v1.11.5).
import { readPe } from '#harness/formats/uki/pe.ts'
import { fileIn } from '#harness/fs/file-in.ts'
import { SYSTEMD_BOOT_PATH } from '#harness/talos/installer.ts'
import { BOOT_LOADER, fileIgnoringCase } from '#harness/talos/media/medium.ts'
import type { ByteSource } from '#harness/bytes/source.ts'
import type { MediumForm } from '../contract/tags.ts'
import type { Subject } from '../support/subject.ts'
import { must, WITH_UKI } from '../support/requirement.ts'
import { test } from '../support/test.ts'
import { policyFindings, signatureFindings } from './signed.ts'

test(
  ...must(
    'UKI-015',
    'where it is signed, its Authenticode signature is valid, by the certificate that the contract names, or by the one inside, and the boot loader beside it is signed with the same',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-001', 'UKI-007', 'INS-004', 'MED-006'],
      fix: 'sign with imager (secureboot: true and its keys), change nothing afterwards, and name the certificate in the contract (secureBootCertificate)',
    },
  ),
  async ({ subject, uki, form, contract, note, judge }) => {
    const { broken, notes, certificate } = await signatureFindings(uki.source, uki.pe, contract)
    for (const text of notes) note(text, uki.where)
    judge(broken, uki.where).toEqual([])
    if (certificate === undefined || form === 'uki') return
    const loader = await bootLoaderOf(subject, form)
    // Whether its own signature holds is for INS-013.
    const { certificate: other = certificate } = await signatureFindings(loader, await readPe(loader), contract)
    judge(Buffer.compare(certificate, other) === 0 ? 'one signer' : 'another signer', loader.where).toBe('one signer')
  },
)

/** Of an installer, where `form` is undefined, or of a medium. */
async function bootLoaderOf({ talos }: Subject, form: MediumForm | undefined): Promise<ByteSource> {
  return form === undefined
    ? fileIn(await talos.files(), SYSTEMD_BOOT_PATH)
    : fileIgnoringCase((await (await talos.medium()).efi()).tree, BOOT_LOADER)
}

test(
  ...must(
    'UKI-016',
    'a signed UKI has `.pcrpkey`, and every profile a `.pcrsig` by that key over the PCR 11 that its sections give; an unsigned one has none',
    {
      targets: ['installer', 'media'],
      forms: WITH_UKI,
      needs: ['UKI-002', 'UKI-007'],
      fix: 'let imager measure and sign (input.secureboot.pcrSigner): a TPM releases the disk key for these values alone',
    },
  ),
  async ({ uki, judge }) => {
    judge(await policyFindings(uki), uki.whereOf('.pcrsig')).toEqual([])
  },
)
