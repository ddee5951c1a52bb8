<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Wire;

/** Carries one request to the bridge. Tests put their own in its place. */
interface Transport
{
    /** @throws TransportError when there is no complete reply */
    public function send(Request $request): Reply;
}
