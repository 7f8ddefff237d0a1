/** Which mounts tell of what the other side writes. */
import { statfs } from 'node:fs/promises';

/** Types of file systems whose other side is another kernel, by the magic numbers of Linux. */
const REMOTE = new Map<number, string>([
  [0x6969, 'NFS'],
  [0x517b, 'SMB'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x65735546, 'FUSE (a container or virtual machine mount)'],
  [0x01021997, '9p (a virtual machine mount)'],
  [0x786f4256, 'VirtualBox'],
  [0x00c36400, 'Ceph'],
  [0x6a656a63, 'virtiofs'],
]);

/** The kind of remote mount that `path` lies on; undefined for a local one, and where the system does not tell. */
export async function remoteMount(path: string): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  try {
    return REMOTE.get((await statfs(path)).type >>> 0);
  } catch {
    return undefined;
  }
}
