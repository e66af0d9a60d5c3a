package platformtest_test

import (
	"testing"

	"sealdesk/platformapi/platformtest"
)

func TestClientAndServer(t *testing.T) {
	platformtest.Run(t, func(t *testing.T) platformtest.Harness {
		return platformtest.NewWorld(t, t.TempDir(), nil).Harness(t)
	})
}
