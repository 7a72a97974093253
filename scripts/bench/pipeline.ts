// The shell pipeline that reads of an image what a verdict reads, with the tools that people have today.
import type { Step } from './measure/measure.ts'

/** Tools of the distribution; missing ones are reported before anything runs. */
export const PIPELINE_TOOLS = [
  'bash',
  'skopeo',
  'tar',
  'gzip',
  'objcopy',
  'sha256sum',
  'dd',
  'od',
  'grep',
  'zstd',
  'cpio',
  'unsquashfs',
  'readelf',
  'modinfo',
] as const

/**
 * Expects REFERENCE (HOST/NAME:TAG, plain HTTP), BASE_BYTES (size of upstream's initramfs, where the appended segment
 * begins) and an empty current folder. Every step stops at what it cannot read.
 */
export const PIPELINE: readonly Step[] = [
  { phase: 'pull', script: 'skopeo copy --quiet --src-tls-verify=false "docker://$REFERENCE" dir:image' },
  {
    // Config first, then the layers: of each its digest and its diff_id.
    phase: 'validate',
    script: `grep -oE '"digest": ?"sha256:[0-9a-f]+"' image/manifest.json | grep -oE '[0-9a-f]{64}' > digests
tail -n +2 digests > layers
sed 's|.*|&  image/&|' digests | sha256sum --check --quiet
while read -r layer; do gzip -dc "image/$layer" | sha256sum; done < layers > diff-ids`,
  },
  {
    phase: 'export',
    script: `mkdir tree
while read -r layer; do tar -xzf "image/$layer" -C tree; done < layers
chmod -R u+rwX tree`,
  },
  {
    // objcopy also wants to write a copy: of one small section, which is quickest.
    phase: 'carve the UKI',
    script: `objcopy --dump-section .osrel=osrel --dump-section .cmdline=cmdline --dump-section .uname=uname \\
  --dump-section .sbat=sbat --dump-section .linux=vmlinuz --dump-section .initrd=initramfs \\
  --only-section .sbat tree/usr/install/arm64/vmlinuz.efi rest`,
  },
  {
    // Every file of the image and every section; the initramfs in its two parts, of which the first is upstream's.
    phase: 'sha256sum',
    script: `head -c "$BASE_BYTES" initramfs > base
tail -c +$((BASE_BYTES + 1)) initramfs > appended
find tree -type f -exec sha256sum {} + > tree.sha256
sha256sum osrel cmdline uname sbat vmlinuz base appended > sections.sha256`,
  },
  {
    // zboot-header.S: payload offset at 8, its size at 12. The configuration is gzip behind IKCFG_ST.
    phase: 'kernel',
    script: `read -r offset size < <(od -An -tu4 -j8 -N8 vmlinuz)
dd if=vmlinuz bs=1M iflag=skip_bytes,count_bytes skip="$offset" count="$size" status=none | zstd -dcq > Image
config=$(grep -abo IKCFG_ST Image)
{ tail -c +$((\${config%%:*} + 9)) Image | gzip -dcq > config || test -s config; } 2> /dev/null
grep -aoE 'Linux version [0-9][^ ]+' Image > banner`,
  },
  {
    phase: 'initramfs',
    script: `mkdir base.tree appended.tree
zstd -dcq base | cpio --extract --quiet --make-directories --directory=base.tree
zstd -dcq appended | cpio --extract --quiet --make-directories --directory=appended.tree
find appended.tree/usr/lib/firmware -type f -exec sha256sum {} + > firmware.sha256`,
  },
  {
    phase: 'unsquashfs',
    script: `mkdir layers.tree
for layer in base.tree/rootfs.sqsh appended.tree/*.sqsh; do
  unsquashfs -lln "$layer" > "$(basename "$layer").list"
  unsquashfs -quiet -no-progress -no-xattrs -dest "layers.tree/$(basename "$layer" .sqsh)" "$layer" > /dev/null
done
find layers.tree -path layers.tree/rootfs -prune -o -type f -exec sha256sum {} + > content.sha256`,
  },
  {
    // readelf fails on what is no ELF file.
    phase: 'readelf',
    script: `find tree layers.tree -type f -exec readelf -h {} + > elf.headers 2> /dev/null || test -s elf.headers
find layers.tree -name '*.ko' -exec modinfo {} + > modules.info`,
  },
]
