<?php

declare(strict_types=1);

namespace Panelbridge\Standin\Pages;

use Panelbridge\Standin\Refused;
use Panelbridge\Standin\Shop;
use WHMCS\Database\Capsule;

/**
 * The few WHMCS pages a server module takes part in, at WHMCS's own paths. A POST needs the session's
 * token, and a client sees only the client's own services, as WHMCS scopes them (WHMCS developer docs).
 */
final class Site
{
    public function __construct(private readonly Shop $shop)
    {
    }

    /**
     * @param array<string, mixed> $query
     * @param ?array<string, mixed> $post null for a GET
     * @return array{status: int, location: string, body: string}
     */
    public function respond(string $path, array $query, ?array $post): array
    {
        [$_GET, $_POST, $_REQUEST] = [$query, $post ?? [], ($post ?? []) + $query];
        try {
            if ($post !== null && !hash_equals((string) ($_SESSION['token'] ?? ''), (string) ($post['token'] ?? ''))) {
                return self::html(403, 'Invalid token', '<p>Go back and try again.</p>');
            }
            return $this->route($path, $query, $post);
        } catch (Refused $refused) {
            return self::html(404, 'Not found', '<p>' . Html::text($refused->getMessage()) . '</p>');
        }
    }

    /**
     * @param array<string, mixed> $query
     * @param ?array<string, mixed> $post
     * @return array{status: int, location: string, body: string}
     */
    private function route(string $path, array $query, ?array $post): array
    {
        $isAdminPage = str_starts_with($path, '/admin/');
        if ($path === '/' || $path === '/standin/enter') {
            return $path === '/' ? $this->index() : $this->enter($query);
        }
        if (($isAdminPage && !isset($_SESSION['adminid'])) || (!$isAdminPage && !isset($_SESSION['uid']))) {
            return self::redirect('/');
        }
        return match ($path) {
            '/clientarea.php' => (new ProductDetailsPage($this->shop))->respond($query, $post),
            '/cart.php' => (new CartPage($this->shop))->respond($query, $post),
            '/viewinvoice.php' => (new CartPage($this->shop))->invoice((int) ($query['id'] ?? 0), $post),
            '/admin/clientsservices.php' => (new AdminServicePage($this->shop))->respond($query, $post),
            '/admin/configproducts.php' => (new ModuleSettingsPage($this->shop))->respond($query, $post),
            '/admin/configservers.php' => (new ServersPage($this->shop))->respond($post),
            default => throw new Refused("there is no page $path"),
        };
    }

    /**
     * Becoming a client or an admin without a password: this is a stand-in.
     *
     * @param array<string, mixed> $query client or admin, to
     * @return array{status: int, location: string, body: string}
     */
    private function enter(array $query): array
    {
        unset($_SESSION['uid'], $_SESSION['adminid']);
        $who = isset($query['client']) ? 'uid' : 'adminid';
        $_SESSION[$who] = (int) ($query['client'] ?? $query['admin'] ?? 1);
        $to = (string) ($query['to'] ?? '/');
        return self::redirect(str_starts_with($to, '/') && !str_starts_with($to, '//') ? $to : '/');
    }

    /** @return array{status: int, location: string, body: string} */
    private function index(): array
    {
        $link = static fn (string $who, string $to, string $label): string => sprintf(
            '<a href="/standin/enter?%s&amp;to=%s">%s</a>',
            $who,
            rawurlencode($to),
            Html::text($label)
        );
        $lines = [$link('admin=1', '/admin/configservers.php', 'Servers (admin)')];
        foreach (Capsule::table('tblproducts')->get() as $product) {
            $settings = "/admin/configproducts.php?action=edit&id=$product->id";
            $lines[] = $link('admin=1', $settings, "Module settings of $product->name (admin)");
            $lines[] = $link('client=1', "/cart.php?a=add&pid=$product->id", "Order $product->name (client 1)");
        }
        foreach (Capsule::table('tblhosting')->get() as $service) {
            $client = "/clientarea.php?action=productdetails&id=$service->id";
            $lines[] = $link("client=$service->userid", $client, "Service $service->id (client $service->userid)");
            $lines[] = $link('admin=1', "/admin/clientsservices.php?id=$service->id", "Service $service->id (admin)");
        }
        $list = '<ul><li>' . implode('</li><li>', $lines) . '</li></ul>';
        return self::html(200, 'Billing stand-in', Html::card('Where to go', $list));
    }

    /** @return array{status: int, location: string, body: string} */
    public static function html(int $status, string $title, string $content, string $kind = 'client'): array
    {
        return ['status' => $status, 'location' => '', 'body' => Html::page($title, $content, $kind)];
    }

    /** @return array{status: int, location: string, body: string} */
    public static function redirect(string $to): array
    {
        return ['status' => 302, 'location' => $to, 'body' => ''];
    }
}
