// Asks, and when the service says how long to wait, waits as long and asks again.
async function ask(url, options = {}, attempts = 5) {
  for (let attempt = 1; ; attempt += 1) {
    const response = await fetch(url, {
      ...options,
      headers: { ...options.headers, Authorization: `Bearer ${process.env.HUSH_TOKEN}` },
    });
    const seconds = Number(response.headers.get('Retry-After'));
    if (!seconds || attempt === attempts) return response;
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
}

for (let request = 1; request <= 3; request += 1) {
  const response = await ask('http://127.0.0.1:8080/v1/users?limit=1');
  console.log(response.status, response.headers.get('X-RateLimit-Remaining'));
}
