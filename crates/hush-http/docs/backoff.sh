for request in 1 2 3; do
  curl --retry 5 --fail-with-body --silent --show-error \
    --header "Authorization: Bearer $HUSH_TOKEN" \
    --output /dev/null --write-out '%{http_code}\n' \
    'http://127.0.0.1:8080/v1/users?limit=1'
done
