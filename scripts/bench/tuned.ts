// What a person who cares would write: the same as the pipeline with openssl, pigz and both cores; and the limit, which is
// hashing and decompression alone, on one core.
import type { Step } from './measure/measure.ts'

export const TUNED_TOOLS = ['openssl', 'pigz', 'taskset', 'xargs'] as const

/** Expects what the pipeline expects; of two things at once the first that fails ends the step. */
export const TUNED: readonly Step[] = [
  { phase: 'pull', script: 'skopeo copy --quiet --src-tls-verify=false "docker://$REFERENCE" dir:image' },
  {
    // Each layer is unpacked once, for its diff_id and for its files.
    phase: 'validate and export',
    script: `grep -oE '"digest": ?"sha256:[0-9a-f]+"' image/manifest.json | grep -oE '[0-9a-f]{64}' > digests
tail -n +2 digests > layers
mkdir tree
sed 's|^|image/|' digests | xargs openssl dgst -sha256 -r > stored.sha256 & hashing=$!
while read -r layer; do pigz -dc "image/$layer" | tee >(openssl dgst -sha256 -r >> diff-ids) | tar -x -C tree; done < layers
wait $hashing
chmod -R u+rwX tree
cut -d' ' -f1 stored.sha256 | diff - digests`,
  },
  {
    phase: 'carve the UKI',
    script: `objcopy --dump-section .osrel=osrel --dump-section .cmdline=cmdline --dump-section .uname=uname \\
  --dump-section .sbat=sbat --dump-section .linux=vmlinuz --dump-section .initrd=initramfs \\
  --only-section .sbat tree/usr/install/arm64/vmlinuz.efi rest`,
  },
  {
    // The kernel and the files' digests on one core, the initramfs on the other.
    phase: 'contents',
    script: `mkdir base.tree appended.tree layers.tree
(
  set -e
  read -r offset size < <(od -An -tu4 -j8 -N8 vmlinuz)
  dd if=vmlinuz bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$size" status=none | zstd -dcq > Image
  config=$(grep -abo -m1 IKCFG_ST Image)
  { tail -c +$((\${config%%:*} + 9)) Image | gzip -dcq > config || test -s config; } 2> /dev/null
  grep -aoE -m1 'Linux version [0-9][^ ]+' Image > banner
  find tree -type f -print0 | xargs -0 openssl dgst -sha256 -r > tree.sha256
  openssl dgst -sha256 -r osrel cmdline uname sbat vmlinuz > sections.sha256
) & rest=$!
head -c "$BASE_BYTES" initramfs | tee >(openssl dgst -sha256 -r > base.sha256) | zstd -dcq | cpio --extract --quiet --make-directories --directory=base.tree
tail -c +$((BASE_BYTES + 1)) initramfs | tee >(openssl dgst -sha256 -r > appended.sha256) | zstd -dcq | cpio --extract --quiet --make-directories --directory=appended.tree
wait $rest`,
  },
  {
    phase: 'unsquashfs',
    script: `for layer in base.tree/rootfs.sqsh appended.tree/*.sqsh; do
  unsquashfs -lln "$layer" > "$(basename "$layer").list"
  unsquashfs -quiet -no-progress -no-xattrs -processors 2 -dest "layers.tree/$(basename "$layer" .sqsh)" "$layer" > /dev/null
done`,
  },
  {
    phase: 'files',
    script: `find layers.tree -path layers.tree/rootfs -prune -o -type f -print0 | xargs -0 openssl dgst -sha256 -r > content.sha256 & hashing=$!
find appended.tree/usr/lib/firmware -type f -exec openssl dgst -sha256 -r {} + > firmware.sha256
find tree layers.tree -type f -exec readelf -h {} + > elf.headers 2> /dev/null || test -s elf.headers
find layers.tree -name '*.ko' -print0 | xargs -0 -P2 -n200 modinfo > modules.info
wait $hashing`,
  },
]

/** What must be hashed and decompressed of the image, in the folder that `LIMIT_INPUTS` made: each stream once. */
export const LIMIT: readonly Step[] = [
  {
    phase: 'sha256',
    script: `taskset -c 0 openssl dgst -sha256 -r image/* tars/* vmlinuz base appended > /dev/null`,
  },
  {
    phase: 'zstd',
    script: `for file in payload.zst base appended; do taskset -c 0 zstd -dcq "$file" > /dev/null; done`,
  },
]

export const LIMIT_INPUTS: readonly Step[] = [
  ...TUNED.filter(({ phase }) => ['pull', 'validate and export', 'carve the UKI'].includes(phase)),
  {
    phase: 'inputs',
    script: `mkdir tars
while read -r layer; do pigz -dc "image/$layer" > "tars/$layer"; done < layers
head -c "$BASE_BYTES" initramfs > base
tail -c +$((BASE_BYTES + 1)) initramfs > appended
read -r offset size < <(od -An -tu4 -j8 -N8 vmlinuz)
dd if=vmlinuz bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$size" of=payload.zst status=none`,
  },
]

/** `crane validate` checks digests and sizes only; it is measured where there is one. */
export const CRANE: readonly Step[] = [{ phase: 'validate', script: 'crane validate --insecure --remote "$REFERENCE"' }]
