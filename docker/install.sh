#!/bin/sh
# Inside the build: install what an extra of pyproject.toml lists into /opt/inpaint, and leave out
# what a running server never reads.
#
#   install.sh cpu|gpu
set -eu

python3 list_requirements.py "$1" >requirements.txt
/opt/pip/bin/pip --python /opt/inpaint/bin/python install --requirement requirements.txt

cd /opt/inpaint/lib/python3*/site-packages
find . -type d -name tests -prune -exec rm -r {} +
if [ -d nvidia ]; then
    find nvidia -type d -name include -prune -exec rm -r {} +
    find nvidia -type f -name '*.a' -delete
fi
