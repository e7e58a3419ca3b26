// The unread count in the page's title and on its icon.
import { m } from '../paraglide/messages.js';

const SIZE = 64;
let shown = -1;
/** Browsers fetch an icon in their own time: its address lives on for this long. */
const KEPT = 10_000;
let lastUrl: string | undefined;

export async function showUnread(count: number): Promise<void> {
  document.title = count === 0 ? m.app_name() : m.app_title_unread({ count });
  if (count === shown) return;
  shown = count;
  const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  if (link === null) return;
  if (count === 0) {
    point(link, '/favicon.svg', 'image/svg+xml');
    return;
  }
  const icon = await draw(count);
  if (icon !== null && shown === count) point(link, URL.createObjectURL(icon), 'image/png');
}

function point(link: HTMLLinkElement, href: string, type: string): void {
  const old = lastUrl;
  if (old !== undefined) setTimeout(() => URL.revokeObjectURL(old), KEPT);
  lastUrl = href.startsWith('blob:') ? href : undefined;
  link.type = type;
  link.href = href;
}

async function draw(count: number): Promise<Blob | null> {
  const image = new Image(SIZE, SIZE);
  image.src = '/favicon.svg';
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = SIZE;
  const context = canvas.getContext('2d');
  if (context === null) return null;
  context.drawImage(image, 0, 0, SIZE, SIZE);
  context.fillStyle = '#d4552a';
  context.strokeStyle = '#fff';
  context.lineWidth = 4;
  context.beginPath();
  context.arc(44, 20, 18, 0, Math.PI * 2);
  context.fill();
  context.stroke();
  context.fillStyle = '#fff';
  context.font = `bold ${count > 9 ? 22 : 27}px system-ui, sans-serif`;
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.fillText(count > 99 ? '99' : String(count), 44, 21);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}
