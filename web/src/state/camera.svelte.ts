// The camera, looking for a QR code. Nothing it sees leaves the page; it is off as soon as a code was read.
import { base64url } from './ids';

export type CameraState = 'off' | 'starting' | 'looking' | 'none' | 'denied' | 'failed';

const LOOK_EVERY = 120;
const WIDEST = 720;

export class Camera {
  state = $state<CameraState>('off');
  #stream: MediaStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts the camera in `video` and calls `found` once with the first code's bytes as base64url. */
  async start(video: HTMLVideoElement, found: (code: string) => void): Promise<void> {
    this.state = 'starting';
    // Absent outside secure contexts, whatever the types say.
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices === undefined) {
      this.state = 'none';
      return;
    }
    try {
      const [stream, { decodeQR }] = await Promise.all([
        devices.getUserMedia({ video: { facingMode: 'environment', width: { ideal: 1280 } } }),
        import('qr/decode.js'),
      ]);
      this.#stream = stream;
      video.srcObject = stream;
      await video.play();
      this.state = 'looking';
      this.#look(video, found, decodeQR);
    } catch (error) {
      this.stop();
      this.state = failure(error);
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = undefined;
    this.state = 'off';
  }

  #look(
    video: HTMLVideoElement,
    found: (code: string) => void,
    decode: typeof import('qr/decode.js').decodeQR,
  ): void {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const once = () => {
      if (this.state !== 'looking' || context === null) return;
      const code = read(video, canvas, context, decode);
      if (code === null) {
        this.#timer = setTimeout(once, LOOK_EVERY);
      } else {
        this.stop();
        found(code);
      }
    };
    once();
  }
}

function read(
  video: HTMLVideoElement,
  canvas: HTMLCanvasElement,
  context: CanvasRenderingContext2D,
  decode: typeof import('qr/decode.js').decodeQR,
): string | null {
  if (video.videoWidth === 0) return null;
  const scale = Math.min(1, WIDEST / video.videoWidth);
  canvas.width = Math.round(video.videoWidth * scale);
  canvas.height = Math.round(video.videoHeight * scale);
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  try {
    // The bytes of the code matter, not a text that they might spell.
    return decode(context.getImageData(0, 0, canvas.width, canvas.height), { textDecoder: base64url });
  } catch {
    return null;
  }
}

function failure(error: unknown): CameraState {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'denied';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  return 'failed';
}
