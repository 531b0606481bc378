import { problemOf, type Release } from '../../api/client';
import { authorization } from '../../api/session';

/** Sends a release with its files; fetch tells nothing of how far an upload is, so this is XMLHttpRequest. */
export function upload(release: Partial<Release>, files: File[], progress: (share: number) => void): Promise<Release> {
  const form = new FormData();
  form.append('release', JSON.stringify(release));
  for (const f of files) form.append('file', f, f.name);
  const request = new XMLHttpRequest();
  request.open('POST', '/api/v1/releases');
  for (const [name, value] of Object.entries(authorization())) request.setRequestHeader(name, value);
  request.upload.onprogress = (e) => progress(e.total ? e.loaded / e.total : 0);
  return new Promise((done, failed) => {
    request.onerror = () => failed(new Error('the upload broke off'));
    request.onload = () => {
      if (request.status < 300) done(JSON.parse(request.responseText) as Release);
      else void problemOf(new Response(request.responseText, { status: request.status })).then(failed);
    };
    request.send(form);
  });
}

/** The SHA-256 of a file, in hexadecimal, as the server will tell it. */
export async function digest(file: File): Promise<string> {
  if (!crypto.subtle) return ''; // only over TLS or on loopback
  const sum = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
  return `sha256:${[...new Uint8Array(sum)].map((b) => b.toString(16).padStart(2, '0')).join('')}`;
}
