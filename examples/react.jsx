// A React component that shows a photo with its holes filled:
//   <Inpainted image={file} mask={blob} alt="The beach, without the bin" />
import { useEffect, useState } from 'react';

async function inpaint(service, image, mask, signal) {
  const body = new FormData();
  body.append('image', image);
  body.append('mask', mask);
  const answer = await fetch(`${service}/inpaint`, { method: 'POST', body, signal });
  if (!answer.ok) {
    const problem = await answer.json(); // application/problem+json
    throw new Error(problem.detail ?? problem.title);
  }
  return answer.blob();
}

export function Inpainted({ image, mask, alt, service = 'http://127.0.0.1:8000' }) {
  const [source, setSource] = useState(null);
  const [error, setError] = useState(null);

  useEffect(() => {
    const controller = new AbortController();
    let url;
    setSource(null);
    setError(null);
    inpaint(service, image, mask, controller.signal)
      .then((filled) => {
        url = URL.createObjectURL(filled);
        setSource(url);
      })
      .catch((reason) => {
        if (reason.name !== 'AbortError') setError(reason.message);
      });
    return () => {
      controller.abort(); // the server stops working on it
      if (url) URL.revokeObjectURL(url);
    };
  }, [service, image, mask]);

  if (error) return <p role="alert">{error}</p>;
  return source ? <img src={source} alt={alt} /> : <p role="status">Filling …</p>;
}
