'use strict';
// The token lives in this closure alone: neither storage nor the address knows it, and a reload forgets it.
(() => {
  const form = document.getElementById('sign-in');
  const problem = document.getElementById('problem');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const field = document.getElementById('token');
    const authorization = 'Bearer ' + field.value.trim();
    problem.textContent = '';
    try {
      const answer = await fetch('../v3/api-docs', { headers: { Authorization: authorization } });
      const body = await answer.json();
      if (!answer.ok) {
        problem.textContent = body.title || 'The service answered ' + answer.status;
        return;
      }
      field.value = '';
      form.hidden = true;
      SwaggerUIBundle({
        spec: body,
        domNode: document.getElementById('api'),
        deepLinking: false,
        validatorUrl: null,
        requestInterceptor: (request) => {
          if (new URL(request.url, location.href).origin === location.origin) {
            request.headers.Authorization = authorization;
          }
          return request;
        },
      });
    } catch (failure) {
      problem.textContent = 'The service cannot be reached.';
    }
  });
})();
