for request in 1 2 3; do
  curl --fail --retry 5 --silent --show-error \
    --header "Authorization: Bearer $HUSH_TOKEN" \
    --write-out '\n' \
    'http://127.0.0.1:8080/v1/users?limit=1'
done
